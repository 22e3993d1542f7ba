// Buyers: they tap, and are shown a charge. What a payment needs before it can be measured.

import { CommandError } from "#src/kernel/errors.ts";
import type { Driven } from "./drive.ts";
import { countPending, markRows } from "./kept.ts";
import type { PaymentStage } from "./payment-stage.ts";
import { type Counts, countSends, openTally, type Shape, type Tally } from "./payment-tally.ts";
import { isDoneWithin } from "./wait-for.ts";

/** Charges in the order of their chats, which have no gap. `ids`: by the gateway's name. */
export type Charged = { firstChat: number; ids: string[]; tapped: Driven };

const PAGE_ROWS = 100_000;
/** What a tap leads to may take so long once nobody taps any more. */
const SHOWN_MS = 60_000;

/** Lets `count` buyers tap, evenly, and resolves once each has been shown a charge. Throws CommandError when some are not. */
export async function letTap(stage: PaymentStage, count: number, perSecond: number): Promise<Charged> {
  const { sql, fake, load } = stage;
  const { calls } = await fake.stats();
  const mark = await markRows(sql);
  const tapped = await load.drive({ perSecond, seconds: (count + 0.5) / perSecond, schedule: "fixed", seed: 0 });
  const { firstChat } = tapped;
  const shown = () => sql<{ id: string }[]>`
    SELECT gateway_id AS id FROM charge JOIN effect ON effect.slot = shown_slot AND effect.row_id = shown_row_id AND effect.state = 'done'
    WHERE charge.chat_id BETWEEN ${firstChat} AND ${firstChat + count - 1} AND charge.state = 'pending' GROUP BY charge.id ORDER BY charge.chat_id`;
  const isDone = await isDoneWithin(SHOWN_MS, async () => {
    if ((await fake.stats()).calls - calls < count) return false;
    return (await countPending(sql, mark)) === 0 && (await shown()).length === count;
  });
  const ids = (await shown()).map(({ id }) => id);
  if (!isDone) throw new CommandError(`${count} buyers tapped, but ${ids.length} were shown a charge.`);
  return { firstChat, ids, tapped };
}

/** Adds what was sent after call `since`; gives the call up to which it has looked. */
export async function addSends({ fake }: PaymentStage, tally: Tally, since: number): Promise<number> {
  for (let seq = since; ; ) {
    const page = await fake.sends({ since_seq: seq, limit: PAGE_ROWS });
    tally.add(page.sends);
    seq = page.last_seq;
    if (page.sends.length < PAGE_ROWS) return seq;
  }
}

/** One buyer alone: learns what he is sent for his tap, and what for his payment. */
export async function learnShape(stage: PaymentStage): Promise<Shape> {
  const { sandbox, fake, sql } = stage;
  const { calls } = await fake.stats();
  const charged = await letTap(stage, 1, 1);
  const shown = await sentTo(stage, charged.firstChat, calls);
  const paidFrom = (await fake.stats()).calls;
  const mark = await markRows(sql);
  await sandbox.pay({ id: charged.ids[0] ?? "" });
  const isSent = async () =>
    (await sql`SELECT 1 FROM delivery WHERE chat_id = ${charged.firstChat} AND state = 'sent'`).length > 0;
  await isDoneWithin(SHOWN_MS, async () => (await isSent()) && (await countPending(sql, mark)) === 0);
  const delivered = await sentTo(stage, charged.firstChat, paidFrom);
  if (Object.keys(shown).length === 0 || Object.keys(delivered).length === 0)
    throw new CommandError("The first buyer was not shown a charge, or his payment was not delivered.");
  const isBoth = Object.keys(delivered).some((method) => method in shown);
  if (isBoth) throw new CommandError("A charge and a delivery are sent alike, so they cannot be told apart.");
  return { shown, delivered };
}

async function sentTo({ fake }: PaymentStage, chat: number, since: number): Promise<Counts> {
  const { sends } = await fake.sends({ since_seq: since });
  return countSends(sends.filter(([chatId]) => chatId === chat));
}

/** Waits until every chat has been sent its delivery, or `ms` are over. Gives the tally of what was sent after call `since`. */
export async function waitDelivered(
  stage: PaymentStage,
  { firstChat, count }: { firstChat: number; count: number },
  options: { since: number; delivered: Counts; ms: number },
): Promise<{ tally: Tally; isDone: boolean }> {
  const tally = openTally(firstChat, count);
  let since = options.since;
  const isDone = await isDoneWithin(options.ms, async () => {
    since = await addSends(stage, tally, since);
    return tally.exactly(options.delivered) + tally.beyond(options.delivered) >= count;
  });
  return { tally, isDone };
}
