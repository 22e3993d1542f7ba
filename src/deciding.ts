// Between reading and saving: decides a batch, says who performs what, and hands out what was saved.

import type { DecisionDocument } from "./inbox/decisions.ts";
import { effectRecord, type NewEffect } from "./inbox/effects.ts";
import type { Lease } from "./inbox/lease.ts";
import type { RowKey } from "./inbox/line.ts";
import type { RowId } from "./kernel/ids.ts";
import { metrics } from "./kernel/metrics.ts";
import type { Performer } from "./perform.ts";
import type { Conversation, Decided, People, Prepared } from "./telegram/conversation.ts";
import { describeDecisions } from "./telegram/describe.ts";

export type Decisions = { decided: Decided[]; effects: NewEffect[]; document: DecisionDocument };

type Deciding = { conversation: Conversation; lease: Lease };

/** Decides rows whose people were read, and describes it all for saving. */
export function decideBatch(deciding: Deciding, prepared: Prepared[], people: People, now: Date): Decisions {
  const decided = deciding.conversation.decide(prepared, people, now);
  const effects = placeEffects(decided, deciding.lease);
  const { personOf, ...described } = describeDecisions(decided, people);
  const persons = new Map(decided.map((one) => [one.row.id, personOf(one)]));
  const records = effects.map((effect) => ({ person: persons.get(effect.id), ...effectRecord(effect) }));
  return { decided, effects, document: { ...described, effects: records } };
}

/** `enqueueRequests`: for what people ask of payments; must not throw. */
export type GivingOut = {
  performer: Performer;
  lease: Lease;
  enqueueRequests: (rows: RowKey[]) => void;
};

/**
 * Gives out what was saved. It runs before the next batch reads its customers, so a chat's next messages find the lane in which these
 * wait.
 */
export function giveOut(
  { performer, lease, enqueueRequests }: GivingOut,
  { decided, effects }: Decisions,
  saved: Set<RowId>,
): void {
  for (const { row, decision } of decided) {
    if (!saved.has(row.id)) continue;
    metrics.rowsProcessed.inc({ outcome: decision.outcome });
    if (isWelcomed(row, decision)) metrics.startsReceived.inc();
    if (decision.courtesy) performer.giveCourtesy(row.botId, decision.courtesy);
  }
  const mine = effects.filter((effect) => saved.has(effect.id));
  performer.perform(mine.filter((effect) => effect.owner === lease.id));
  const requests = new Map(mine.filter(({ kind }) => kind === "payment").map(({ slot, id }) => [id, { slot, id }]));
  if (requests.size > 0) enqueueRequests([...requests.values()]);
}

/**
 * Whether the row begins the funnel, by /start or as somebody's first words, and something is said because of it: he has then started when it
 * was received. The very same date: two equal ones may be of two rows.
 */
function isWelcomed(row: Decided["row"], { customer, effects }: Decided["decision"]): boolean {
  return customer?.startedAt === row.receivedAt && effects.some(({ kind }) => kind === "send");
}

/** Messages are sent by this process, behind whatever the chat still gets (src/perform.ts sees to that); a queue does the rest. */
function placeEffects(batch: Decided[], lease: Lease): NewEffect[] {
  const epoch = lease.epoch();
  return batch.flatMap(({ row, chatId, decision, after }) => {
    if (chatId === null) return [];
    const firstSend = decision.effects.findIndex((effect) => effect.kind === "send");
    const welcomes = isWelcomed(row, decision);
    return decision.effects.map((effect, n): NewEffect => {
      const isSend = effect.kind === "send";
      return {
        ...(welcomes && isSend && n === firstSend
          ? { ...effect, body: { ...effect.body, welcomes: true as const } }
          : effect),
        ...{ slot: row.slot, id: row.id, n, botId: row.botId, chatId, begunBefore: false, epoch, dueAt: null },
        attempts: isSend ? 1 : 0,
        owner: isSend ? lease.id : null,
        after: isSend ? after : null,
        ...(n === firstSend && row.arrivedMs !== undefined ? { arrivedMs: row.arrivedMs } : {}),
      };
    });
  });
}
