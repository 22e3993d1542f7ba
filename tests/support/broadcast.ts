// A bot with customers for stories of broadcasts, and what is seen of one: its row, its outcomes, and what stands in the chats.

import type { Content } from "#src/broadcasts/content.ts";
import { type BroadcastState, makeBroadcast } from "#src/broadcasts/store.ts";
import type { BroadcastId, TenantId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { until } from "./until.ts";
import type { TestBot, World } from "./world.ts";

export type Crowd = { bot: TestBot; tenantId: TenantId; chats: number[] };

let lastChat = 80_000;

/** A bot of a seller of its own, with customers called Ana Souza. */
export async function openCrowd(world: World, people: number): Promise<Crowd> {
  const bot = await world.addBot();
  const [row] = await world.sql<{ tenant_id: TenantId }[]>`SELECT tenant_id FROM bot WHERE id = ${bot.botId}`;
  return { bot, tenantId: row?.tenant_id as TenantId, chats: await addCustomers(world, bot, people) };
}

/** Their chats, in the order of their ids. */
export async function addCustomers({ sql, clock }: World, bot: TestBot, people: number): Promise<number[]> {
  const chats = Array.from({ length: people }, () => ++lastChat);
  await sql`
    INSERT INTO customer (bot_id, chat_id, first_name, last_name, created_at, seen_at)
    SELECT ${bot.botId}::bigint, chat, 'Ana', 'Souza', ${clock.now()}::timestamptz, ${clock.now()}::timestamptz
    FROM unnest(${chats}::bigint[]) WITH ORDINALITY AS c (chat, n) ORDER BY n`;
  return chats;
}

/** Makes a broadcast to all of the crowd; nobody is told. */
export async function announce(
  { sql, clock }: World,
  { bot, tenantId }: Crowd,
  content: Content = { text: "Oferta" },
  rate: number = limits.bulkPerSecond,
): Promise<BroadcastId> {
  const made = await makeBroadcast(sql, { tenantId, botId: bot.botId, content, rate }, clock.now());
  if (!made) throw new Error("the bot is not there");
  return made.broadcastId;
}

export type Seen = {
  state: BroadcastState;
  reason: string | null;
  total: number;
  sent: number;
  refused: number;
  unknown: number;
  skipped: number;
};

export async function see({ sql }: World, id: BroadcastId): Promise<Seen> {
  const [row] = await sql<Seen[]>`
    SELECT state, reason, total, sent, refused, unknown, skipped FROM broadcast WHERE id = ${id}`;
  if (!row) throw new Error("there is no such broadcast");
  return { ...row };
}

/** Waits until it is in this state and nobody has it in his hands. */
export async function untilState(world: World, id: BroadcastId, state: BroadcastState, withinMs = 15_000) {
  await until(
    `broadcast ${id} is ${state} and free`,
    async () => {
      const [row] = await world.sql`SELECT 1 FROM broadcast WHERE id = ${id} AND state = ${state} AND owner IS NULL`;
      return row;
    },
    withinMs,
  );
  return see(world, id);
}

/** Customers by their outcome. */
export async function outcomesOf({ sql }: World, id: BroadcastId): Promise<Record<string, number>> {
  const rows = await sql<{ state: string; count: number }[]>`
    SELECT state, count(*)::int AS count FROM broadcast_outcome WHERE broadcast_id = ${id} GROUP BY state`;
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

/** How often each chat got a message that Telegram took, in the order of `chats`; all of the bot's sends are counted. */
export async function arrivals(world: World, { bot, chats }: Crowd): Promise<number[]> {
  const calls = await world.fake.control.calls({ token: bot.token, limit: 100_000 });
  const counts = new Map<number, number>();
  for (const { chat_id, outcome } of calls)
    if (outcome?.message_id !== undefined) counts.set(Number(chat_id), (counts.get(Number(chat_id)) ?? 0) + 1);
  return chats.map((chat) => counts.get(chat) ?? 0);
}

/** Waits until Telegram has taken so many messages of the crowd's bot. */
export function untilTaken(world: World, crowd: Crowd, count: number): Promise<unknown> {
  const sum = async () => (await arrivals(world, crowd)).reduce((all, one) => all + one, 0);
  return until(`${count} messages are taken`, async () => (await sum()) >= count, 20_000);
}
