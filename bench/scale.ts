// The benchmark of many bots: how soon the program starts among them, and what it holds in memory once each has spoken.

import type { Bench, Flags } from "./bench.ts";
import { doubtsAbout } from "./doubts.ts";
import { ourBooks } from "./kept.ts";
import { measure } from "./measure.ts";
import { type BenchResult, curveOf } from "./result.ts";
import { commonFlags, QUICK, runBench, tell } from "./run.ts";
import type { OpenStage } from "./stage.ts";
import { atMost } from "./targets.ts";
import { count, latencyOf, megabytes, ms, sharesOf } from "./words.ts";

const START_MS = 2_000;
const RESIDENT_MB = 250;
const STARTS_PER_SECOND = 500;
const SYNC_MS = 100;
const MEGABYTE = 1_000_000;

export const scale: Bench = {
  name: "scale",
  summary: "10,000 bots: start among them, and memory after a /start to each.",
  flags: [
    { name: "bots", value: "N", means: "Bots. Default: 10000." },
    { name: "rate", value: "N", means: "Bots that speak per second. Default: 500." },
    { ...QUICK, means: "2,500 of the bots speak; all are there." },
    ...commonFlags,
  ],
  run(flags, lent) {
    const plan = planOf(flags);
    return runBench({
      ...{ bench: "scale", flags, lent, bots: 10, processes: 1, mostMs: (plan.speaking / plan.rate + 120) * 1_000 },
      measure: async (stage, show) => show(await measureScale(stage, plan)),
    });
  },
};

type Plan = { bots: number; speaking: number; rate: number };

function planOf(flags: Flags): Plan {
  const bots = flags.number("bots", { least: 1, most: 20_000 }) ?? 10_000;
  const rate = flags.number("rate", { least: 1, most: 10_000 }) ?? STARTS_PER_SECOND;
  return { bots, rate, speaking: flags.has("quick") ? Math.min(2_500, bots) : bots };
}

async function measureScale(stage: OpenStage, { bots: many, speaking, rate }: Plan): Promise<BenchResult> {
  tell(`Adding ${count(many)} bots …`);
  const bots = await stage.addBots(many, { withReply: true });
  await stage.application.end("SIGTERM");
  const { execMs, readyMs } = await stage.application.start(1);
  const heard = bots.slice(0, speaking);
  await stage.aim(heard);
  tell(`A /start to each of ${count(speaking)} …`);
  const books = ourBooks(
    stage.sql,
    heard.map((bot) => bot.botId),
  );
  // Half a gap more: the fixed schedule's last arrival is then inside, and chat ids in a row meet each bot once.
  const order = { perSecond: rate, seconds: (speaking + 0.5) / rate, schedule: "fixed", seed: 1 } as const;
  const measured = await measure({ ...stage, bots: heard, openBooks: books }, order, SYNC_MS);
  const { send, cpu, resident, joined, accepted, driven } = measured;
  const largest = Math.max(...Object.values(resident));
  return {
    title: `${count(many)} bots, ${count(speaking)} of them spoke once at ${count(rate)} per second`,
    lines: [
      ["ready", `${ms(readyMs - execMs)} after exec`],
      ["memory", `${megabytes(largest)} after all had spoken`],
      ["first send", latencyOf(send)],
      ["updates", `${count(driven.dueMs.length)} sent, ${count(accepted)} accepted, ${joined.lost} lost`],
      ["CPU", `${sharesOf(cpu.parts)} of a core`],
    ],
    targets: [
      atMost(`start among ${count(many)} bots`, readyMs - execMs, START_MS, "ms"),
      atMost(`memory after ${count(speaking)} bots spoke`, largest / MEGABYTE, RESIDENT_MB, "MB"),
      atMost(
        "bots without an answer",
        driven.dueMs.length - joined.sendMs.filter((at) => !Number.isNaN(at)).length,
        0,
        "",
      ),
    ],
    doubts: [
      ...doubtsAbout(measured),
      ...(speaking < many
        ? [`only ${count(speaking)} of ${count(many)} bots spoke: memory says less than it should`]
        : []),
    ],
    curves: [curveOf("scale: first words of a bot, first send", joined.sendMs)],
    cpu,
    raw: { bots: many, speaking, readyMs: readyMs - execMs, resident, send, accepted, lost: joined.lost },
  };
}
