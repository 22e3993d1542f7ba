// What the stories about payments share beside openStory: what stands in the tables and in the chats, and a customer's taps.

import type { RowKey } from "#src/inbox/line.ts";
import type { Context } from "#src/payments/context.ts";
import { openStory, type Story } from "../../support/story.ts";
import { until } from "../../support/until.ts";
import type { Running } from "../../support/world.ts";

export { openStory, type Story };

export type ChargeSeen = {
  id: number;
  account_id: number;
  state: string;
  reason: string | null;
  gateway_id: string | null;
  is_double: boolean;
  amount: number;
  key: string;
  reference: string;
  check_at: Date | null;
};

/** A customer's charges, oldest first. */
export async function chargesOf({ world, shop }: Pick<Story, "world" | "shop">, chatId: number): Promise<ChargeSeen[]> {
  const rows = await world.sql<ChargeSeen[]>`
    SELECT id, account_id, state, reason, gateway_id, is_double, amount, key, reference, check_at FROM charge
    WHERE bot_id = ${shop.bot.botId} AND chat_id = ${chatId} ORDER BY id`;
  return [...rows];
}

export type DeliverySeen = {
  id: number;
  order_id: number;
  state: string;
  reason: string | null;
  message_id: number | null;
  times: number;
};

/** A customer's deliveries, oldest first. */
export async function deliveriesOf({ world, shop }: Pick<Story, "world" | "shop">, chatId: number) {
  const rows = await world.sql<DeliverySeen[]>`
    SELECT id, order_id, state, reason, message_id, times FROM delivery
    WHERE bot_id = ${shop.bot.botId} AND chat_id = ${chatId} ORDER BY id`;
  return [...rows];
}

/** The kinds of all alerts, in order. */
export async function alertsOf({ world }: Pick<Story, "world">): Promise<string[]> {
  const rows = await world.sql<{ kind: string }[]>`SELECT kind FROM alert ORDER BY id`;
  return rows.map(({ kind }) => kind);
}

/** What stands in a chat now: text or caption of each message, edits in their places. */
export async function standing({ world, shop }: Pick<Story, "world" | "shop">, chatId: number): Promise<string[]> {
  const messages = await world.fake.control.messages({ token: shop.bot.token, chat_id: chatId });
  return messages.map((message) => {
    const { text, caption } = message as { text?: string; caption?: string };
    return text ?? caption ?? "";
  });
}

/** How often each of these words begins, or stands in, what the bot has sent to a chat. */
export async function countIn(story: Pick<Story, "world" | "shop">, chatId: number, words: string): Promise<number> {
  return (await standing(story, chatId)).filter((text) => text.includes(words)).length;
}

/** What a customer gets, once for each delivery. */
export const PRODUCT = "Seu acesso:";

/** Waits until a customer has been sent what he bought. */
export const delivered = (story: Pick<Story, "world" | "shop">, chatId: number) =>
  until(`it is delivered to ${chatId}`, async () =>
    (await deliveriesOf(story, chatId)).some(({ state }) => state === "sent"),
  );

/** Taps a button with any data. */
export async function tap({ shop }: Pick<Story, "shop">, to: Running, chatId: number, data: string): Promise<void> {
  const from = { id: chatId, is_bot: false, first_name: "Alice" };
  const message = { message_id: 1, chat: { id: chatId, type: "private" } };
  await shop.bot.post(to, { callback_query: { id: crypto.randomUUID(), from, data, message } });
}

/** A tap at a process that works on nothing: the row of its request, and the context in which that process would do it. */
export async function keepTap(
  { world, shop }: Pick<Story, "world" | "shop">,
  chatId: number,
): Promise<{ row: RowKey; context: Context }> {
  const keeper = await world.start({ workers: [] });
  await shop.tapBuy(keeper, chatId);
  const row = await until("the request is kept", async () => {
    const [found] = await world.sql<RowKey[]>`
      SELECT slot, row_id AS id FROM effect WHERE kind = 'payment' AND state = 'pending' AND chat_id = ${chatId}`;
    return found;
  });
  return { row, context: keeper.app.payments.context };
}

/** The sum of all books: 0, or something was lost. */
export async function booksSum({ world }: Pick<Story, "world">): Promise<number> {
  const [row] = await world.sql<{ sum: number }[]>`SELECT coalesce(sum(amount), 0)::int AS sum FROM ledger_entry`;
  return row?.sum ?? Number.NaN;
}
