// The benchmark of the door: updates that nobody waits for, until their durable answer, and how many of them a second it takes.

import { type Answers, measureAnswers } from "./answers.ts";
import { addBegun } from "./begun.ts";
import type { Bench, Flags } from "./bench.ts";
import { bestOf, climb } from "./climb.ts";
import { doubtsAbout } from "./doubts.ts";
import { type BenchResult, curveOf } from "./result.ts";
import { bounds, commonFlags, QUICK, runBench, secondsFlag, tell } from "./run.ts";
import type { OpenStage } from "./stage.ts";
import { atLeast, atMost } from "./targets.ts";
import { count, latencyOf, sharesOf } from "./words.ts";

const TEXTS_PER_SECOND = 1_000;
const ACK_P99_MS = 10;
const IGNORED_PER_SECOND = 5_000;
/** A door that answers later than this no longer keeps up. */
const HELD_P99_MS = 50;
/** What is left of a step when it ends may take so much of the step's own time: more, and it was not sustained. */
const DRAIN_SHARE = 0.2;
const BOTS = 10;

export const webhook: Bench = {
  name: "webhook",
  summary:
    "the durable answer 200: latency of texts at 1,000 per second, and the highest rate of updates without an answer.",
  flags: [
    secondsFlag,
    { name: "steps", value: "N", means: "Most steps of the search for the highest rate. Default: 5." },
    { name: "first", value: "N", means: "Updates per second at which the search begins. Default: 5000." },
    ...[QUICK, ...commonFlags],
  ],
  run(flags, lent) {
    const plan = planOf(flags);
    const mostMs = ((plan.steps + 1) * (plan.seconds + 30) + 60) * 1_000;
    return runBench({
      ...{ bench: "webhook", flags, lent, bots: BOTS, processes: 1, mostMs },
      async measure(stage, show) {
        const bots = await stage.addBots(BOTS, { withReply: false });
        await addBegun(stage.sql, bots);
        await stage.aim(bots);
        await warm(stage, plan.warmUpSeconds);
        show(await measureTexts(stage, plan));
        show(await measureIgnored(stage, plan));
      },
    });
  },
};

type Plan = { seconds: number; steps: number; first: number; warmUpSeconds: number };

function planOf(flags: Flags): Plan {
  const quick = flags.has("quick");
  return {
    seconds: flags.number("seconds", bounds.seconds) ?? (quick ? 8 : 30),
    steps: flags.number("steps", bounds.steps) ?? (quick ? 2 : 5),
    first: flags.number("first", bounds.first) ?? IGNORED_PER_SECOND,
    warmUpSeconds: quick ? 1 : 6,
  };
}

async function warm({ load }: OpenStage, seconds: number): Promise<void> {
  tell("Warming up …");
  await load.drive({ perSecond: 500, seconds, schedule: "poisson", seed: 0, sort: "text" });
  await load.drive({ perSecond: 1_000, seconds, schedule: "poisson", seed: 0, sort: "edited" });
}

async function measureTexts(stage: OpenStage, { seconds }: Plan): Promise<BenchResult> {
  tell(`${TEXTS_PER_SECOND} texts a second for ${seconds} s …`);
  const order = { perSecond: TEXTS_PER_SECOND, seconds, schedule: "poisson", seed: 1, sort: "text" } as const;
  const answers = await measureAnswers(stage, order);
  return {
    title: `${count(TEXTS_PER_SECOND)} texts per second for ${seconds} s, until the answer`,
    lines: linesOf(answers),
    targets: [atMost("answer p99, texts", answers.ack.p99, ACK_P99_MS, "ms"), ...lossTargets(answers)],
    doubts: doubtsAbout(answers),
    curves: [curveOf("webhook: texts, answer", answers.driven.ackMs)],
    cpu: answers.cpu,
    raw: rawOf(answers),
  };
}

async function measureIgnored(stage: OpenStage, { seconds, steps, first }: Plan): Promise<BenchResult> {
  const tried = await climb({ first, growth: 1.4, precision: 1.1, misses: 1, steps }, async (perSecond) => {
    tell(`${count(perSecond)} edited messages a second for ${seconds} s …`);
    const order = { perSecond, seconds, schedule: "poisson", seed: 1, sort: "edited" } as const;
    const answers = await measureAnswers(stage, order);
    return { perSecond, held: isHeld(answers, seconds), answers };
  });
  const best = bestOf(tried);
  const shown = best ?? tried.at(-1);
  const lost = tried.reduce((sum, { answers }) => sum + answers.lost, 0);
  return {
    title: `highest rate of edited messages, ${seconds} s a step`,
    lines: [
      ...tried.map(({ perSecond, held, answers }): [string, string] => [
        `${count(perSecond)}/s`,
        `${held ? "held" : "not held"}: answer ${latencyOf(answers.ack)}; done ${answers.drainMs.toFixed(0)} ms after`,
      ]),
      ...(shown ? linesOf(shown.answers) : []),
    ],
    targets: [
      atLeast("updates without an answer", best?.perSecond ?? Number.NaN, IGNORED_PER_SECOND, "per second"),
      atMost("lost, updates without an answer", lost, 0, ""),
    ],
    doubts: shown ? doubtsAbout(shown.answers) : [],
    rates: tried.map(({ perSecond, held, answers: { ack } }) => ({
      ...{ series: "webhook: edited messages, answer", perSecond, held, p50: ack.p50, p99: ack.p99 },
    })),
    ...(shown ? { cpu: shown.answers.cpu } : {}),
    raw: { tried: tried.map(({ perSecond, held, answers }) => ({ perSecond, held, ...rawOf(answers) })) },
  };
}

const isHeld = (answers: Answers, seconds: number): boolean =>
  answers.accepted === answers.driven.dueMs.length &&
  answers.lost + answers.undone === 0 &&
  answers.ack.p99 <= HELD_P99_MS &&
  answers.drainMs <= Math.max(1, seconds * DRAIN_SHARE) * 1_000;

const lossTargets = ({ driven, accepted, lost, undone }: Answers) => [
  atMost("not accepted, texts", driven.dueMs.length - accepted, 0, ""),
  atMost("lost or left undone, texts", lost + undone, 0, ""),
];

function linesOf({ ack, driven, accepted, outcomes, drainMs, cpu, lag }: Answers): [string, string][] {
  const rows = Object.entries(outcomes).map(([outcome, many]) => `${outcome} ${count(many)}`);
  return [
    ["answer 200", latencyOf(ack)],
    ["updates", `${count(driven.dueMs.length)} sent, ${count(accepted)} accepted; in the inbox: ${rows.join(", ")}`],
    ["drained", `${drainMs.toFixed(0)} ms after the last answer`],
    ["CPU", `${sharesOf(cpu.parts)} of a core`],
    ["generator", `late p50 ${lag.p50.toFixed(2)} ms, p99 ${lag.p99.toFixed(2)} ms; ${driven.connections} connections`],
  ];
}

const rawOf = ({ ack, lag, accepted, lost, undone, outcomes, drainMs, cpu, driven }: Answers) => ({
  ...{ ack, lag, accepted, lost, undone, outcomes, drainMs, cpu, sent: driven.dueMs.length, heldBack: driven.heldBack },
});
