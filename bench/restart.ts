// The benchmark of coming back: how soon the executable is ready, and what a restart or a sudden death under load costs those who write.

import type { Bench, Flags } from "./bench.ts";
import { doubtsAbout } from "./doubts.ts";
import { type Measured, measure } from "./measure.ts";
import { spreadOf } from "./percentiles.ts";
import { type BenchResult, curveOf } from "./result.ts";
import { commonFlags, QUICK, runBench, secondsFlag, tell, warmUp } from "./run.ts";
import type { OpenStage } from "./stage.ts";
import { atMost } from "./targets.ts";
import { count, latencyOf, ms } from "./words.ts";

const READY_MS = 500;
const AGAIN_MS = 1_000;
const STARTS_PER_SECOND = 300;
const BOTS = 10;
const SYNC_MS = 100;

type Signal = "SIGTERM" | "SIGKILL";

export const restart: Bench = {
  name: "restart",
  summary: "the executable until it is ready; SIGTERM and kill -9 under 300 /start per second until it serves again.",
  flags: [
    { name: "starts", value: "N", means: "Starts that are measured without load. Default: 10." },
    { ...secondsFlag, means: "Length of the load around each end. Default: 15." },
    { ...QUICK, means: "3 starts, and 5 seconds of load." },
    ...commonFlags,
  ],
  run(flags, lent) {
    const plan = planOf(flags);
    const mostMs = (plan.starts * 40 + 2 * (plan.seconds + 60) + 60) * 1_000;
    return runBench({
      ...{ bench: "restart", flags, lent, bots: BOTS, processes: 1, mostMs },
      async measure(stage, show) {
        show(await measureReady(stage, plan));
        await warmUp(stage, 2, 300);
        for (const signal of ["SIGTERM", "SIGKILL"] as const) show(await measureEnd(stage, plan, signal));
      },
    });
  },
};

type Plan = { starts: number; seconds: number };

function planOf(flags: Flags): Plan {
  const quick = flags.has("quick");
  return {
    starts: flags.number("starts", { least: 1, most: 100 }) ?? (quick ? 3 : 10),
    seconds: flags.number("seconds", { least: 3, most: 600 }) ?? (quick ? 5 : 15),
  };
}

async function measureReady({ application }: OpenStage, { starts }: Plan): Promise<BenchResult> {
  const tookMs: number[] = [];
  for (let start = 1; start <= starts; start++) {
    tell(`Start ${start} of ${starts} …`);
    await application.end("SIGTERM");
    const { execMs, readyMs } = await application.start(1);
    tookMs.push(readyMs - execMs);
  }
  const { median, least, most } = spreadOf(tookMs);
  return {
    title: `exec until the first 200 from /ready, ${starts} starts`,
    lines: [["ready", `median ${ms(median)}, from ${ms(least)} to ${ms(most)}`]],
    targets: [atMost("ready after exec, the slowest start", most, READY_MS, "ms")],
    doubts: [],
    raw: { tookMs },
  };
}

async function measureEnd(stage: OpenStage, { seconds }: Plan, signal: Signal): Promise<BenchResult> {
  tell(`${signal} under ${STARTS_PER_SECOND} /start a second …`);
  const order = { perSecond: STARTS_PER_SECOND, seconds, schedule: "poisson", seed: 1, resend: true } as const;
  const measuring = measure(stage, order, SYNC_MS);
  const ending = endAndStart(stage, signal, seconds);
  const [measured, { goneMs, againMs }] = await Promise.all([measuring, ending]);
  const { send, ack, accepted, joined, driven } = measured;
  const isAsked = signal === "SIGTERM";
  const words = isAsked ? "SIGTERM" : "kill -9";
  return {
    title: `${words} under ${STARTS_PER_SECOND} /start per second, ${seconds} s`,
    lines: [
      ["process gone", `${ms(goneMs)} after the signal`],
      ["ready again", `${ms(againMs)} after the signal`],
      ["answer 200", `${latencyOf(ack)} (with the sender's own pauses of 2, 4 … s)`],
      ["first send", latencyOf(send)],
      ["updates", updatesOf(measured)],
    ],
    targets: [
      // A sudden death is reported; what is asked for is that nothing is lost by it.
      ...(isAsked ? [atMost("serving again after SIGTERM", againMs, AGAIN_MS, "ms")] : []),
      atMost(`never accepted, ${words}`, driven.dueMs.length - accepted, 0, ""),
      atMost(`accepted and lost, ${words}`, joined.lost, 0, ""),
      ...(isAsked ? [atMost("answered twice, SIGTERM", joined.doubled, 0, "")] : []),
    ],
    doubts: doubtsAbout(measured),
    curves: [curveOf(`restart: ${words}, first send`, joined.sendMs)],
    raw: { goneMs, againMs, send, ack, accepted, lost: joined.lost, doubled: joined.doubled, resent: driven.resent },
  };
}

/** As a service manager does it: the signal, and a new process as soon as the old one is gone. Times from the signal. */
async function endAndStart({ application }: OpenStage, signal: Signal, seconds: number) {
  // In the middle of the load, which begins after the disk was tried.
  await Bun.sleep(SYNC_MS + (seconds * 1_000) / 3);
  const signalMs = performance.now();
  await application.end(signal);
  const goneMs = performance.now() - signalMs;
  const { readyMs } = await application.start(1);
  return { goneMs, againMs: readyMs - signalMs };
}

function updatesOf({ driven, accepted, joined }: Measured): string {
  const sent = `${count(driven.dueMs.length)} sent, ${count(accepted)} accepted, ${count(driven.resent)} sent again`;
  return `${sent}; ${joined.lost} lost, ${joined.doubled} answered twice`;
}
