// What the stories about payments share: a shop with its processes, waiting until nothing is under way, and what stands in the tables.

import type { Funnel } from "#src/funnel/funnel.ts";
import { openShop, type Shop } from "../../support/shop.ts";
import { until } from "../../support/until.ts";
import { openWorld, type Running, type StartOptions, type World } from "../../support/world.ts";

export type Story = {
  world: World;
  one: Running;
  /** All processes, `one` first. */
  all: Running[];
  shop: Shop;
  /** Sweeps once in every process, and waits until all that follows is done. */
  sweep(): Promise<void>;
  /** Waits until no job and no message is under way; what waits for a time stays. */
  quiet(): Promise<void>;
  /** Moves the clock, then sweeps. */
  later(ms: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A world of its own with a shop; the sandbox tries each notice once unless a story says otherwise. */
export async function openStory(
  options: { processes?: number; funnel?: Funnel; start?: StartOptions } = {},
): Promise<Story> {
  const world = await openWorld();
  const one = await world.start(options.start);
  const all = [one];
  for (let n = 1; n < (options.processes ?? 1); n++) all.push(await world.start(options.start));
  const shop = await openShop(world, one, options.funnel);
  const quiet = () => until("nothing is under way", () => isQuiet(world, all), 30_000).then(() => undefined);
  const sweep = async () => {
    for (const running of all) await running.sweep();
    await quiet();
  };
  return {
    ...{ world, one, all, shop, quiet, sweep },
    async later(ms) {
      world.clock.advance(ms);
      await sweep();
    },
    async [Symbol.asyncDispose]() {
      await shop[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

async function isQuiet({ sql }: World, all: Running[]): Promise<boolean> {
  for (const { app } of all)
    for (const queue of [app.queues.tasks, app.queues.gateway, app.queues.webhook]) {
      const { waiting = 0, active = 0, prioritized = 0 } = await queue.counts();
      if (waiting + active + prioritized > 0) return false;
    }
  for (const { app, settle } of all) {
    await app.payments.idle();
    await settle();
  }
  const [row] = await sql<{ busy: boolean }[]>`
    SELECT EXISTS (SELECT FROM inbox WHERE done_at IS NULL AND outcome IS NULL AND (due_at IS NULL OR update_id < 0))
      OR EXISTS (SELECT FROM effect WHERE state = 'pending' AND due_at IS NULL) AS busy`;
  return row?.busy === false;
}

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

/** The sum of all books: 0, or something was lost. */
export async function booksSum({ world }: Pick<Story, "world">): Promise<number> {
  const [row] = await world.sql<{ sum: number }[]>`SELECT coalesce(sum(amount), 0)::int AS sum FROM ledger_entry`;
  return row?.sum ?? Number.NaN;
}
