// The benchmark of bulk: a hundred bots that each write to all their customers, and what that costs somebody else's /start.

import { checkContent } from "#src/broadcasts/content.ts";
import { limits } from "#src/kernel/limits.ts";
import { hashToken, newToken } from "#src/kernel/secret.ts";
import type { Bench, Flags } from "./bench.ts";
import { type Crowds, type Delivered, joinCrowds } from "./broadcast-join.ts";
import { doubtsAbout } from "./doubts.ts";
import { type Measured, measure, sendsSince } from "./measure.ts";
import { type BenchResult, curveOf } from "./result.ts";
import { commonFlags, QUICK, runBench, tell, warmUp } from "./run.ts";
import type { OpenStage } from "./stage.ts";
import type { BenchBot } from "./start-request.ts";
import { atMost } from "./targets.ts";
import { isDoneWithin } from "./wait-for.ts";
import { count, latencyOf, megabytes, percent, sharesOf } from "./words.ts";

const BOTS = 100;
const STARTS_PER_SECOND = 50;
/** Of the pace that was asked for. */
const OFF_MOST = 0.02;
/** What /start may cost beside the broadcasts: this, or so many times what it costs without them. */
const SEND_P99_MS = 8;
const TIMES_MOST = 1.5;
const SYNC_MS = 100;
const FIRST_CHAT = 6_000_000_000;
const END_MS = 30_000;
const WARM_UP = { bots: 10, people: 30 };

const content = {
  text: "<b>Só hoje:</b> o guia completo com 30% de desconto. Toque no botão para ver a oferta antes que acabe.",
  buttons: [[{ text: "Ver a oferta", url: "https://example.com/oferta" }]],
};

export const broadcast: Bench = {
  name: "broadcast",
  summary:
    "100 broadcasts of 30 messages a second each: their pace, nobody twice, and /start of another seller beside them.",
  flags: [
    { name: "bots", value: "N", means: "Bots with a broadcast each. Default: 100." },
    { name: "seconds", value: "N", means: "How long they last. Default: 20." },
    { ...QUICK, means: "5 seconds." },
    ...commonFlags,
  ],
  run(flags, lent) {
    const plan = planOf(flags);
    const mostMs = (plan.quietSeconds + plan.seconds + 150) * 1_000;
    return runBench({
      ...{ bench: "broadcast", flags, lent, bots: 1, processes: 1, mostMs },
      measure: async (stage, show) => show(await measureBroadcasts(stage, plan)),
    });
  },
};

type Plan = { bots: number; seconds: number; quietSeconds: number };

function planOf(flags: Flags): Plan {
  const quick = flags.has("quick");
  const seconds = flags.number("seconds", { least: 2, most: 600 }) ?? (quick ? 5 : 20);
  const bots = flags.number("bots", { least: 1, most: 1_000 }) ?? BOTS;
  return { bots, seconds, quietSeconds: quick ? 4 : 10 };
}

async function measureBroadcasts(stage: OpenStage, { bots: many, seconds, quietSeconds }: Plan): Promise<BenchResult> {
  const perSecond = limits.bulkPerSecond;
  const crowds: Crowds = { firstChat: FIRST_CHAT, bots: many, people: perSecond * seconds };
  tell(`Adding ${count(many)} bots with ${count(crowds.people)} customers each …`);
  const bots = await stage.addBots(many, { withReply: false });
  const apiKey = await giveToNewSeller(stage, bots);
  await stage.aim(stage.bots.slice(0, 1));
  await warmUp(stage, 5, 100);
  await runAll(stage, apiKey, bots.slice(0, WARM_UP.bots), { ...WARM_UP, firstChat: FIRST_CHAT * 2 });
  await addCustomers(stage, bots, crowds);
  tell(`${STARTS_PER_SECOND} /start a second, for ${quietSeconds} s alone …`);
  const order = { perSecond: STARTS_PER_SECOND, schedule: "fixed", seed: 1 } as const;
  const alone = await measure(stage, { ...order, seconds: quietSeconds }, SYNC_MS);
  tell(`… and for ${seconds} s beside ${count(many)} broadcasts …`);
  const { calls } = await stage.fake.stats();
  await announce(stage, apiKey, bots);
  const beside = await measure(stage, { ...order, seconds }, SYNC_MS);
  const isOver = await isDoneWithin(END_MS, async () => (await countOpen(stage)) === 0);
  const delivered = joinCrowds(crowds, await sendsSince(stage, calls));
  return resultOf({ crowds, perSecond, alone, beside, delivered, isOver, unknown: await countUnknown(stage) });
}

/** Their bots are another seller's than the one whose /start is measured. */
async function giveToNewSeller({ sql }: OpenStage, bots: readonly BenchBot[]): Promise<string> {
  const apiKey = `gb_${newToken()}`;
  await sql`
    WITH seller AS (
      INSERT INTO tenant (name, email, api_key_hash) VALUES ('Bob', ${`bob-${newToken().slice(0, 8)}@example.com`}, ${hashToken(apiKey)}) RETURNING id)
    UPDATE bot SET tenant_id = seller.id FROM seller WHERE bot.id = ANY(${bots.map(({ botId }) => botId)}::bigint[])`;
  return apiKey;
}

async function addCustomers({ sql }: OpenStage, bots: readonly BenchBot[], crowds: Crowds): Promise<void> {
  await sql`
    INSERT INTO customer (bot_id, chat_id, first_name, last_name, language_code, created_at, seen_at)
    SELECT b.id, ${crowds.firstChat}::bigint + (b.n - 1) * ${crowds.people}::bigint + p - 1, 'Ana', 'de Souza', 'pt-br', now(), now()
    FROM unnest(${bots.map(({ botId }) => botId)}::bigint[]) WITH ORDINALITY AS b (id, n), generate_series(1, ${crowds.people}) AS p
    ORDER BY p, b.n`;
  // What autovacuum would do in the middle of the measuring.
  await sql`VACUUM ANALYZE customer`;
}

async function announce({ url }: OpenStage, apiKey: string, bots: readonly BenchBot[]): Promise<void> {
  const check = checkContent(content);
  if (!check.ok) throw new RangeError(check.problems.join("; "));
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const made = bots.map(async ({ botId }) => {
    const body = JSON.stringify({ botId, content });
    const response = await fetch(`${url}/api/v1/broadcasts`, { method: "POST", headers, body });
    if (response.status !== 201) throw new Error(await response.text());
  });
  await Promise.all(made);
}

/** A short one, so that its code is compiled. */
async function runAll(stage: OpenStage, apiKey: string, bots: readonly BenchBot[], crowds: Crowds): Promise<void> {
  await addCustomers(stage, bots, crowds);
  await announce(stage, apiKey, bots);
  await isDoneWithin(END_MS, async () => (await countOpen(stage)) === 0);
  await stage.sql`DELETE FROM customer WHERE chat_id >= ${crowds.firstChat}`;
}

async function countOpen({ sql }: OpenStage): Promise<number> {
  const [row] = await sql<{ count: number }[]>`SELECT count(*) FROM broadcast WHERE state <> 'done'`;
  return row?.count ?? Number.NaN;
}

async function countUnknown({ sql }: OpenStage): Promise<number> {
  const [row] = await sql<
    { count: number }[]
  >`SELECT coalesce(sum(unknown + refused), 0)::bigint AS count FROM broadcast`;
  return row?.count ?? Number.NaN;
}

function resultOf(found: {
  crowds: Crowds;
  perSecond: number;
  alone: Measured;
  beside: Measured;
  delivered: Delivered;
  isOver: boolean;
  unknown: number;
}): BenchResult {
  const { crowds, perSecond, alone, beside, delivered, isOver, unknown } = found;
  const paces = [...delivered.perSecond].toSorted((a, b) => a - b);
  const off = Math.max(...paces.map((pace) => Math.abs(pace / perSecond - 1)));
  const p99Most = Math.max(SEND_P99_MS, alone.send.p99 * TIMES_MOST);
  const recipients = crowds.bots * crowds.people;
  return {
    title: `${count(crowds.bots)} broadcasts of ${perSecond} a second beside ${STARTS_PER_SECOND} /start a second`,
    lines: [
      [
        "pace of a bot",
        `${round(paces[0])} to ${round(paces.at(-1))} a second, at most ${delivered.mostInASecond} in any second`,
      ],
      [
        "messages",
        `${count(recipients)} customers, ${delivered.lost} lost, ${delivered.doubled} doubled, ${unknown} refused or unknown`,
      ],
      ["/start alone", latencyOf(alone.send)],
      ["/start beside", latencyOf(beside.send)],
      ["CPU alone", `${sharesOf(alone.cpu.parts)} of a core`],
      ["CPU beside", `${sharesOf(beside.cpu.parts)} of a core`],
      ["memory", Object.values(beside.resident).map(megabytes).join(", ")],
    ],
    targets: [
      atMost(`pace of each of ${count(crowds.bots)} bots, off by`, off * 100, OFF_MOST * 100, "%"),
      atMost("customers without their message", delivered.lost, 0, ""),
      atMost("customers with two", delivered.doubled, 0, ""),
      atMost("/start beside broadcasts, first send p99", beside.send.p99, p99Most, "ms"),
      atMost("/start beside broadcasts, lost or doubled", beside.joined.lost + beside.joined.doubled, 0, ""),
    ],
    doubts: [...doubtsAbout(beside), ...(isOver ? [] : ["the broadcasts were not over in time"])],
    curves: [
      curveOf("/start alone, first send", alone.joined.sendMs),
      curveOf("/start beside 100 broadcasts, first send", beside.joined.sendMs),
    ],
    cpu: beside.cpu,
    raw: {
      recipients,
      off: percent(off),
      paces,
      mostInASecond: delivered.mostInASecond,
      alone: alone.send,
      beside: beside.send,
    },
  };
}

const round = (pace = Number.NaN): string => pace.toFixed(2);
