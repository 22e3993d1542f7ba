// Every bound of the program, each with its why. Sizes in bytes, times in milliseconds unless the name says otherwise.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const limits = {
  /** Telegram builds an update in a 64 KiB buffer that may grow; four times that is never a real update. */
  updateBodyBytes: 256 * 1024,
  /** Parallel deliveries of one bot: Telegram allows 100 and uses 40 if not told. Each waits only for one commit. */
  webhookConnections: 100,
  /** Slow or silent sockets are closed after this; no honest sender of 256 KiB needs more. */
  socketIdleSeconds: 10,
  /** Rows of one INSERT: past this a bigger batch no longer makes a row cheaper, and only delays the first one. */
  acceptBatchRows: 64,
  /** Under load, batches of a kind begin so far apart: each costs PostgreSQL and us about the same, whether it holds one row or ten. */
  atOnceSpacingMs: 4,
  /** While so many wait to be decided at once, two batches of them are under way. */
  atOnceSecondFrom: 16,
  acceptSpacingMs: 5,
  processSpacingMs: 6,
  markSpacingMs: 25,
  /** Chats that a process remembers to have met: they are read before they are decided, nobody else is. 100 bytes each. */
  chatsMet: 100_000,
  /** Updates waiting for their INSERT; beyond it we answer 503 and Telegram keeps them for us. */
  acceptWaiting: 4_096,
  /** A commit that takes longer is given up: the sender gets 503 and comes back. */
  acceptTimeoutMs: 5 * SECOND,
  /** Rows whose INSERT broke off are looked for so long: longer than PostgreSQL's statement timeout lets it live (10 s) … */
  uncertainMs: 15 * SECOND,
  /** … and so many at a time. */
  uncertainRows: 20_000,
  /** What Retry-After says on a 503: Telegram honours it exactly. */
  retryAfterSeconds: 2,
  /** Rows of one processing transaction. */
  processBatchRows: 64,
  /** A batch is decided anew when another process was faster with one of its customers: so often, then its rows are tried later. */
  decideRounds: 20,
  /** Rows accepted for immediate processing that may wait in memory; more go through the queue. */
  processWaiting: 1_024,
  /** Ids carried by one job: a job is a call to look, not a payload. */
  jobIds: 100,
  /** A row whose processing throws is tried so often, with growing pauses, then set aside as failed. */
  rowAttempts: 5,
  /** Sends of one effect, first try included: about ten minutes, which Telegram is hardly ever away for. */
  sendAttempts: 12,
  /** … and of a delivery, for which somebody has paid: about a day. */
  deliveryAttempts: 720,
  /** … and of a broadcast's message: the next person waits meanwhile. */
  bulkAttempts: 6,
  /** First pause after a send that failed on Telegram's side; doubles, with jitter, up to `sendBackoffMaxMs`. */
  sendBackoffMs: 1 * SECOND,
  sendBackoffMaxMs: 2 * MINUTE,
  /** Telegram answers in well under a second; past this the outcome is unknown. */
  telegramTimeoutSeconds: 15,
  /** One getUpdates waits so long for news, well inside the timeout above … */
  pollSeconds: 10,
  /** … and after a failure the next one comes so much later. */
  pollPauseMs: 2 * SECOND,
  /** Calls to Telegram under way in one process, in all and for one bot: at 200 ms each, nearly 1,000 a second for a bot. */
  sendsInFlight: 1_536,
  sendsInFlightPerBot: 192,
  /** Messages of broadcasts under way, in all and for one of them. They have places of their own: an answer never waits for one. */
  bulkInFlight: 1_024,
  bulkInFlightPerBroadcast: 32,
  /** HTTP requests that Bun may have under way in one process (its own default is 256): the sends, and room beside them. */
  httpRequests: 3_072,
  /** Sends of one process waiting for a place, a pace or their turn in a chat; past it they go back to their rows. */
  sendsWaiting: 16_384,
  sendsWaitingPerBot: 2_048,
  /** A wait for pace or for an earlier message of the chat is spent in memory up to this long, else in the row. */
  shortWaitMs: 2 * SECOND,
  /** So often a message whose chat gets an earlier one from another process looks whether that is out. */
  turnCheckMs: 50,
  /** Outcomes written in one statement. */
  markBatchRows: 128,
  /** Each process says this often that it lives … */
  heartbeatMs: 500,
  /** … and after this much silence others take over what it left, and it stops sending by itself. */
  leaseMs: 2_500,
  /** Who judges that others are dead has himself renewed without a gap for so long: after an outage everybody gets time to return. */
  judgeAfterMs: 2 * SECOND,
  /** The sweep looks this often for what was left behind. */
  sweepMs: 1 * SECOND,
  /** Rows younger than this may still be on their way to a queue. */
  sweepGraceMs: 2 * SECOND,
  /** Work given out again by the sweep is left alone for so long. */
  sweepAgainMs: 10 * SECOND,
  /** What one sweep gives out of each kind. */
  sweepRows: 1_000,
  /** A commit may become visible after one with a higher number; the sweep's mark stays this far behind. */
  sweepMarginMs: 15 * SECOND,
  /** An inbox partition is filled for 48 h and dropped when the next one is full: rows live 48 to 96 hours. */
  slotMs: 48 * 60 * MINUTE,
  /** Telegram forgets a callback query after this; so do we. */
  callbackAgeMs: 150 * SECOND,
  /** /start tapped again within this is answered once. */
  startRepeatMs: 5 * SECOND,
  /** The same text or button again within this is answered once. */
  sameTextMs: 3 * SECOND,
  /** Text of a person kept with a message; Telegram's own bound. */
  textUnits: 4_096,
  /** Telegram's bound for the text under a medium, in UTF-16 units after parsing. */
  captionUnits: 1_024,
  /** Bots kept ready in memory; the others are read when an update comes. */
  botsInMemory: 20_000,
  /** A bot's settings are read again after this even if no notice of a change arrived. */
  botFreshMs: 60 * SECOND,
  /** PostgreSQL connections of one process' pool … */
  databaseConnections: 10,
  /** … and of the door for payments. */
  doorConnections: 2,
  /** One for each batch that may be under way. */
  atOnceConnections: 2,
  /** The start waits for Redis so long, then goes on without it. */
  redisStartMs: 1 * SECOND,
  /** Messages to one chat: a burst, then one a second (Telegram: "about one message per second", bursts tolerated). */
  chatBurst: 8,
  chatPerSecond: 1,
  /** Bulk messages of one bot: so many a second, Telegram's bound ("30 per second or so"); one that is late may leave right behind the next. */
  bulkBurst: 2,
  bulkPerSecond: 30,
  /** Messages of broadcasts leave in turns, so far apart while some are due: together they cost half of what each costs alone … */
  bulkTurnMs: 5,
  /** … and at most so many together: an answer waits for them a few milliseconds at the worst. */
  bulkAtOnce: 48,
  /** A turn waits for an answer that is on its way, but no longer than this: then it is the broadcasts' turn, however many ask. */
  bulkYieldMs: 10,
  /** While nothing is due, whether something is. */
  bulkRestMs: 50,
  /** A broadcast that fell behind its pace makes up for so much of it, and lets go of the rest. */
  bulkBehindMs: 250,
  /** Outcomes of broadcasts written in one statement, and how far apart those are: three thousand a second cost ten statements. */
  broadcastMarkRows: 500,
  broadcastMarkSpacingMs: 100,
  /** A process looks this often for broadcasts that nobody sends, and whether its own may go on … */
  broadcastLookMs: 1 * SECOND,
  /** … and takes at most so many at a time: the others get some, too. */
  broadcastsTaken: 64,
  /** A body at the API: a broadcast's text with its tags fits well. */
  apiBodyBytes: 256 * 1024,
  /** Memory of pace per chat: forgotten chats start with a full bucket anyway. */
  pacedChats: 50_000,
  /** On SIGTERM: what is under way may take so long to end. */
  drainMs: 10 * SECOND,
  /** Connections that were kept open get a last answer first, so nobody asks just when they are closed: so long when new ones wait for it … */
  lingerMs: 500,
  /** … and so long when another process already takes the new ones: longer than a silent connection stays open anyway. */
  handedOverLingerMs: 13 * SECOND,
  /** Each child says this often that its event loop turns … */
  childBeatMs: 1 * SECOND,
  /** … and is killed and started again after so much silence. Its lease is long lost then. */
  childSilentMs: 5 * SECOND,
  /** The first word may take longer, on a machine that does a lot besides. */
  childStartMs: 60 * SECOND,
  /** A successor may take so long until it serves; it migrates nothing, and while it is waited for no other can begin. */
  handOverMs: 2 * MINUTE,
  /** Gateway accounts kept open in memory, and how long before they are read again. */
  accountsInMemory: 20_000,
  accountFreshMs: 30 * SECOND,
  /** That an account cannot be opened is logged this often. */
  accountWarnedMs: 10 * MINUTE,
  /** Tokens of gateway accounts remembered by a process. */
  gatewayTokens: 10_000,
  /** An answer of a gateway with its QR image in base64 is below 100 KB. */
  gatewayAnswerBytes: 1024 * 1024,
  /** After a 429 that does not say how long to wait … */
  gatewayPauseMs: 60 * SECOND,
  /** … and the longest that is believed. */
  gatewayPauseMaxMs: 15 * MINUTE,
  /** Payments saved in one commit, and how far apart those commits are under load. */
  savePayments: 32,
  savePaymentsSpacingMs: 3,
  /** Whoever made a fact deals with it at once; after this it is taken for left behind. */
  factAgainMs: 5 * SECOND,
  /** A charge that can be paid is asked about this often when it is young … */
  youngChargeMs: 2 * MINUTE,
  youngCheckMs: 20 * SECOND,
  /** … and this often afterwards, so that a payment whose notice is lost is found within a minute. */
  checkMs: 45 * SECOND,
  /** After its end it is asked about after a minute, then each time half its age since, at most an hour, for three days: late PIX is real. */
  lateCheckFirstMs: MINUTE,
  lateCheckMostMs: 60 * MINUTE,
  lateCheckMs: 72 * 60 * MINUTE,
  /** All gateways of a seller together have so long to make a charge; the person waits. */
  chargeBudgetMs: 8 * SECOND,
  /** The first of several gateways gets at most this much of it. */
  chargeFirstMs: 5 * SECOND,
  /** A charge whose creation got no answer is asked about after this. */
  lostChargeMs: 10 * SECOND,
  /** A gateway's statement of a day, all its pages, may take so long. */
  statementMs: 5 * MINUTE,
  /** A question about a charge may take so long. */
  askMs: 8 * SECOND,
  /** Payment work taken by a process that died is found again after this. */
  paymentAgainMs: 20 * SECOND,
  /** What one look finds of each kind that is due. */
  duePayments: 500,
  /** Calls to gateways under way in one process, in all and for one account. */
  asksInFlight: 256,
  asksInFlightPerAccount: 64,
  /** A decision about a payment is made anew when somebody else was faster: so often, then it waits. */
  paymentRounds: 10,
  /** An account whose gateway failed so often in a row is left alone for so long. */
  breakerFailures: 5,
  breakerPauseMs: 30 * SECOND,
  /** "Verify" tapped again within this is answered with what is known. */
  verifyAgainMs: 10 * SECOND,
  /** A notice of a payment gateway is a few KB; with a base64 QR image below 100 KB. */
  noticeBodyBytes: 256 * 1024,
  /** A notice that cannot be settled is tried so often, with growing pauses, then set aside for a human. */
  noticeAttempts: 12,
  /** The same bytes again are news only after this: before, they are the gateway's own repetition. */
  noticeRepeatMs: 60 * SECOND,
  /** That a notice came again is written down so much later, many in one statement. */
  noticeCountSpacingMs: 100,
  /** Due questions to gateways under way in one process: settling what was told comes first. */
  pollsInFlight: 32,
  /** An order whose only charge may or may not exist waits so long for the answer before it gives up. */
  unknownWaitMs: 60 * SECOND,
  /** … looking this often. */
  unknownLookMs: 5 * SECOND,
  /** A request that fails is tried again after this, since a person waits; each pause is twice the one before … */
  requestAgainMs: 5 * SECOND,
  /** … and after so many tries, ten minutes in all, it is refused. */
  requestAttempts: 8,
  /** Tries at gateways for one tap. */
  chargeTries: 8,
  /** The page of what was bought can be opened so long. */
  deliveryPageMs: 365 * 24 * 60 * MINUTE,
  /** Orders that /meuspedidos lists. */
  ordersListed: 10,
  /** Uploaded media: Telegram's bounds for bots. */
  photoBytes: 10 * 1024 * 1024,
  fileBytes: 50 * 1024 * 1024,
  /** Gauges are read this often at most, whoever asks; what does not answer in time is told to be away. */
  gaugesMs: 1 * SECOND,
  gaugePartMs: 2 * SECOND,
  /** Processes of one machine that can tell one another their metrics (--processes allows as many), and how long one is waited for. */
  processesOnMachine: 64,
  peerMs: 1 * SECOND,
  /** Warnings and errors of one fact that a process tells in a second; of the rest the next one gives the count. */
  sameFactPerSecond: 20,
} as const;

/** PostgreSQL connections of one process at the most: its pools, one for the lease and one that listens. */
export const connectionsPerProcess = limits.databaseConnections + limits.doorConnections + limits.atOnceConnections + 2;
