// The conversation's line: reads the people of a batch, lets `decide` think, and describes what is to be saved.

import type { Database } from "#db/connect.ts";
import type { Customer, Decision, InboxRow, RowKey } from "../inbox/line.ts";
import type { Fact } from "../kernel/fact.ts";
import type { BotId, ChatId, FunnelVersionId, RowId, Slot } from "../kernel/ids.ts";
import type { Bots } from "./bots.ts";
import { decide, type FactTold, type FunnelVersion } from "./decide.ts";
import { type Funnels, openFunnels } from "./funnels.ts";
import { type Incoming, type Person, readUpdate, type TelegramUpdate } from "./update.ts";

/** A row of Telegram's, or (negative update_id) a fact that another domain made. */
export type TelegramRow = InboxRow<TelegramUpdate | Fact>;
export const isFact = (row: Pick<TelegramRow, "updateId">): boolean => row.updateId < 0;

/** Asked in front of Telegram's ten seconds: may this invoice be paid? */
export type MayPay = (query: {
  botId: BotId;
  chatId: ChatId;
  payload: string;
  currency: string;
  amount: number;
}) => Promise<{ ok: true } | { ok: false; sentence: string }>;

/** A row as it was read, before any lock is taken: what it says, and the funnels that it may concern. */
export type Prepared = {
  row: TelegramRow;
  incoming: Incoming | FactTold;
  current?: FunnelVersion;
  tapped?: FunnelVersion;
  checkout?: Awaited<ReturnType<MayPay>>;
};

/** A decided row. `after`: the earlier row whose messages to this chat were not all out when the customer was read. */
export type Decided = { row: TelegramRow; chatId: ChatId | null; decision: Decision; after: RowKey | null };

export type Conversation = {
  prepare(rows: TelegramRow[]): Promise<Prepared[]>;
  /** Reads the people of these rows. No lock is taken: `saveDecisions` refuses what was decided on an older state. */
  load(prepared: Prepared[]): Promise<People>;
  /** The people of these rows as if nobody had ever met them: reads nothing, and `saveArrivals` refuses those who exist. */
  assumeNew(prepared: Prepared[]): People;
  /** Decides the rows in order, each on the state that the one before it left. */
  decide(prepared: Prepared[], people: People, now: Date): Decided[];
};

export function openConversation(options: {
  sql: Database;
  bots: Bots;
  mayPay: MayPay;
  /** Seals what a person told about himself, before anybody keeps it. */
  seal: (botId: BotId, chatId: ChatId, value: string) => string;
}): Conversation {
  const { sql, bots, mayPay, seal } = options;
  const funnels = openFunnels(sql);
  return {
    prepare: (rows) => Promise.all(rows.map((row) => prepareRow(row, { bots, funnels, mayPay }))),
    async load(prepared) {
      const people = await readPeople(sql, prepared);
      await findOwnVersions(people, funnels);
      return people;
    },
    assumeNew: (prepared) => new Map([...personsIn(prepared)].map(([name, found]) => [name, newcomer(found)])),
    decide: (prepared, people, now) => prepared.map((one) => decideRow(one, people, now, seal)),
  };
}

type Preparing = { bots: Bots; funnels: Funnels; mayPay: MayPay };

async function prepareRow(row: TelegramRow, { bots, funnels, mayPay }: Preparing): Promise<Prepared> {
  const incoming = isFact(row) ? factTold(row.update as Fact) : readUpdate(row.update as TelegramUpdate);
  if (incoming.kind === "ignored" || incoming.kind === "member") return { row, incoming };
  if (incoming.kind === "checkout") {
    const { payload, currency, amount, person } = incoming;
    const query = { botId: row.botId, chatId: person.chatId, payload, currency, amount };
    return { row, incoming, checkout: await mayPay(query) };
  }
  const bot = await bots.find(row.botId);
  const current = bot?.funnelVersionId ? await funnels.find(bot.funnelVersionId) : undefined;
  const key = keyIn(incoming);
  const tapped = key === undefined ? undefined : await funnels.findByButton(row.botId, key);
  return { row, incoming, ...(current && { current }), ...(tapped && { tapped }) };
}

/** The funnel's button that it is about. */
function keyIn(incoming: Incoming | FactTold): string | undefined {
  if (incoming.kind === "tap") return incoming.key;
  return incoming.kind === "fact" && incoming.fact.kind === "order.paid" ? incoming.fact.offer : undefined;
}

const factTold = (fact: Fact): FactTold => ({
  kind: "fact",
  fact,
  person: {
    ...{ chatId: fact.chatId, firstName: fact.firstName, lastName: fact.lastName },
    ...{ username: null, languageCode: null, isPremium: false },
  },
});

/**
 * A customer as he was read: the version of his state, the row that last sent him something if that is not finished, his funnel.
 * `isHimself`: `person` is his profile, not what a fact calls him.
 */
export type Known = {
  customer: Customer;
  version: number;
  person: Person;
  isHimself: boolean;
  after: RowKey | null;
  own?: FunnelVersion;
};
export type People = Map<string, Known>;

export const nameOf = (botId: BotId, chatId: ChatId): string => `${botId}:${chatId}`;

type Seal = (botId: BotId, chatId: ChatId, value: string) => string;

function decideRow(
  { row, incoming, current, tapped, checkout }: Prepared,
  people: People,
  now: Date,
  seal: Seal,
): Decided {
  const person = "person" in incoming ? incoming.person : undefined;
  const known = person && people.get(nameOf(row.botId, person.chatId));
  if (!person || !known) return { row, chatId: null, decision: { outcome: "ignored", effects: [] }, after: null };
  const { customer, after, own } = known;
  const versions = { ...(current && { current }), ...(own && { own }), ...(tapped && { tapped }) };
  const scene = {
    ...{ customer, receivedAt: row.receivedAt, now, ...versions, ...(checkout && { checkout }) },
    seal: (value: string) => seal(row.botId, person.chatId, value),
  };
  const decision = decide(incoming, scene);
  // What the next row of this chat in the batch finds.
  known.customer = decision.customer ?? customer;
  if (decision.effects.some((effect) => effect.kind === "send")) known.after = { slot: row.slot, id: row.id };
  return { row, chatId: person.chatId, decision, after };
}

type CustomerRow = {
  bot_id: BotId;
  chat_id: ChatId;
  version: number | null;
  first_name: string | null;
  last_name: string | null;
  funnel_version_id: FunnelVersionId | null;
  step_id: string | null;
  start_payload: string | null;
  started_at: Date | null;
  answered_what: string | null;
  answered_at: Date | null;
  blocked_at: Date | null;
  asked: Customer["asked"];
  after_slot: Slot | null;
  after_row_id: RowId | null;
};

/** One statement, so one snapshot: a customer's state, its version, and whether his last messages are out, all of the same moment. */
async function readPeople(sql: Database, prepared: Prepared[]): Promise<People> {
  const persons = personsIn(prepared);
  if (persons.size === 0) return new Map();
  const keys = [...persons.values()];
  const rows = await sql<CustomerRow[]>`
    SELECT key.bot_id, key.chat_id, c.* FROM unnest(
      ${keys.map((key) => key.botId)}::bigint[], ${keys.map((key) => key.person.chatId)}::bigint[]) AS key (bot_id, chat_id)
    LEFT JOIN LATERAL (
      SELECT version, first_name, last_name, funnel_version_id, step_id, start_payload, started_at, answered_what, answered_at, blocked_at, asked,
        after.slot AS after_slot, after.row_id AS after_row_id
      FROM customer LEFT JOIN LATERAL (
        SELECT slot, row_id FROM effect
        WHERE effect.slot = customer.last_slot AND effect.row_id = customer.last_row_id AND kind = 'send' AND state = 'pending' LIMIT 1)
        AS after ON true
      WHERE customer.bot_id = key.bot_id AND customer.chat_id = key.chat_id LIMIT 1) AS c ON true`;
  return new Map(
    rows.map((row) => {
      const name = nameOf(row.bot_id, row.chat_id);
      return [name, asKnown(row, persons.get(name) as Found)];
    }),
  );
}

type Found = { botId: BotId; person: Person; isHimself: boolean };

/** Who is spoken of. What an update says of a person is his profile as it is now; a fact knows only what he was called. */
function personsIn(prepared: Prepared[]): Map<string, Found> {
  const persons = new Map<string, Found>();
  for (const { row, incoming } of prepared) {
    if (!("person" in incoming)) continue;
    const name = nameOf(row.botId, incoming.person.chatId);
    const isHimself = incoming.kind !== "fact";
    if (isHimself || !persons.has(name)) persons.set(name, { botId: row.botId, person: incoming.person, isHimself });
  }
  return persons;
}

/** Versions never change, so after the first time they come from memory. */
async function findOwnVersions(people: People, funnels: Funnels): Promise<void> {
  for (const known of people.values()) {
    const id = known.customer.funnelVersionId;
    const own = id === null ? undefined : await funnels.find(id);
    if (own) known.own = own;
  }
}

function newcomer({ botId, person, isHimself }: Found): Known {
  const state = { funnelVersionId: null, stepId: null, startPayload: null, startedAt: null };
  const answered = { answeredWhat: null, answeredAt: null, blockedAt: null, asked: null };
  const customer: Customer = { botId, chatId: person.chatId, ...state, ...answered };
  return { customer, version: 0, person, isHimself, after: null };
}

function asKnown(row: CustomerRow, { person, isHimself }: Found): Known {
  const customer: Customer = {
    botId: row.bot_id,
    chatId: row.chat_id,
    funnelVersionId: row.funnel_version_id,
    stepId: row.step_id,
    startPayload: row.start_payload,
    startedAt: row.started_at,
    answeredWhat: row.answered_what,
    answeredAt: row.answered_at,
    blockedAt: row.blocked_at,
    asked: row.asked,
  };
  const { after_slot: slot, after_row_id: id } = row;
  return {
    customer,
    version: row.version ?? 0,
    person,
    isHimself,
    after: slot !== null && id !== null ? { slot, id } : null,
  };
}
