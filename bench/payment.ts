// The benchmark of money: notices answered, payments delivered, and a soak after which the books must agree to the cent.

import path from "node:path";
import { CommandError } from "#src/kernel/errors.ts";
import type { Bench, Flags } from "./bench.ts";
import { untilAskedToEnd } from "./ending.ts";
import { measureRest } from "./measure.ts";
import { learnShape, letTap, waitDelivered } from "./payment-buyers.ts";
import { type PaymentResult, paymentReport } from "./payment-report.ts";
import { soak } from "./payment-soak.ts";
import { openPaymentStage, type PaymentStage } from "./payment-stage.ts";
import { measureAnswers, measureDelivery, type StepOptions } from "./payment-steps.ts";
import type { Shape } from "./payment-tally.ts";
import { profileFlag, servingOf } from "./profile.ts";
import { findProgram } from "./program.ts";
import { headOf } from "./report.ts";
import { botsFlag, bounds, commonFlags, nameOf, needLinux, processesFlag, secondsFlag, tell } from "./run.ts";
import { OUT } from "./stage.ts";
import { readVersions } from "./versions.ts";

export const payment: Bench = {
  name: "payment",
  summary: "payments, open-loop: notice until answer and until delivery; --soak: many sales, then the books.",
  flags: [
    { name: "only", value: "STEP", means: "delivery or answers: one of the two steps." },
    { name: "rate", value: "N", means: "Payments (--only delivery, --soak) or notices a second. Default: 50, 300." },
    { ...secondsFlag, means: "Length of each step. Default: 60." },
    { name: "soak", means: "Sales from tap to delivery over bad notices, then every book is checked." },
    { name: "payments", value: "N", means: "Sales of the soak. Default: 100000." },
    { ...botsFlag, means: "Bots that the buyers are spread over. Default: 20." },
    processesFlag,
    { name: "quick", means: "Steps of 5 seconds; a soak of 500 sales." },
    ...commonFlags,
    profileFlag,
  ],
  async run(flags) {
    needLinux();
    const plan = planOf(flags);
    const program = await findProgram(flags.text("binary"));
    const name = nameOf("payment");
    const ended = untilAskedToEnd();
    tell("Starting PostgreSQL, Redis, the fake Telegram, the sandbox gateway, the program and the generator …");
    const log = path.join(OUT, `${name}.log`);
    const { bots, processes } = plan;
    await using stage = await openPaymentStage({ bots, processes, program, serving: servingOf(program, flags), log });
    const { results, facts } = await Promise.race([runAll(stage, plan), ended]);
    const file = flags.text("json") ?? path.join(OUT, `${name}.json`);
    await Bun.write(
      file,
      `${JSON.stringify({ bench: "payment", bots, processes, ...facts, results }, columnsAsArrays)}\n`,
    );
    tell(`Raw results: ${path.relative(".", file)}`);
    return results.every(({ targets }) => targets.every(({ met }) => met));
  },
};

/** A part of the run: what it needs is given, what it measured comes back. */
type Part = (stage: PaymentStage, shape: Shape) => Promise<PaymentResult>;
type Plan = { parts: Part[]; bots: number; processes: number };

function planOf(flags: Flags): Plan {
  return {
    parts: flags.has("soak") ? [soakOf(flags)] : stepsOf(flags),
    bots: flags.number("bots", bounds.bots) ?? 20,
    processes: flags.number("processes", bounds.few) ?? 1,
  };
}

/** What the machine of two cores that the targets are stated for keeps up with. */
const SOAK_PER_SECOND = 40;

const rateOf = (flags: Flags): number | undefined => flags.number("rate", { least: 0.1, most: 10_000, fraction: true });

function soakOf(flags: Flags): Part {
  const payments = flags.number("payments", { least: 1, most: 200_000 }) ?? (flags.has("quick") ? 500 : 100_000);
  const perSecond = rateOf(flags) ?? SOAK_PER_SECOND;
  return (stage, shape) => soak(stage, { payments, perSecond, shape, tell });
}

function stepsOf(flags: Flags): Part[] {
  const only = flags.choice("only", ["delivery", "answers"]);
  const [rate, seed] = [rateOf(flags), 1];
  const seconds = flags.number("seconds", bounds.seconds) ?? (flags.has("quick") ? 5 : 60);
  const step =
    (run: (stage: PaymentStage, options: StepOptions) => Promise<PaymentResult>, perSecond: number): Part =>
    (stage, shape) =>
      run(stage, { perSecond, seconds, seed, shape, tell });
  const steps = { delivery: step(measureDelivery, rate ?? 50), answers: step(measureAnswers, rate ?? 300) };
  return only === undefined ? [steps.delivery, steps.answers] : [steps[only]];
}

async function runAll(stage: PaymentStage, { parts }: Plan) {
  const versions = await readVersions(stage);
  const shape = await warmUp(stage);
  const atRest = await measureRest(stage);
  process.stdout.write(headOf(versions, atRest));
  const results: PaymentResult[] = [];
  for (const part of parts) {
    const result = await part(stage, shape);
    results.push(result);
    process.stdout.write(paymentReport(result));
  }
  return { results, facts: { versions, atRest, shape } };
}

const WARM_UP = { payments: 100, perSecond: 20, deliveredMs: 60_000, calmMs: 2_000 };

/** Learns what a buyer is sent; code is compiled and connections are open after it, and nothing is left to be done. */
async function warmUp(stage: PaymentStage): Promise<Shape> {
  tell("Warming up …");
  const shape = await learnShape(stage);
  const { calls } = await stage.fake.stats();
  const { firstChat } = await letTap(stage, WARM_UP.payments, WARM_UP.perSecond);
  await stage.sandbox.payAll();
  const chats = { firstChat, count: WARM_UP.payments };
  const options = { since: calls, delivered: shape.delivered, ms: WARM_UP.deliveredMs };
  const { isDone } = await waitDelivered(stage, chats, options);
  if (!isDone) throw new CommandError("Not all payments of the warm-up were delivered; the log is in bench/out/.");
  await stage.sandbox.idle();
  await Bun.sleep(WARM_UP.calmMs);
  return shape;
}

/** Columns become plain arrays; NaN, "never happened", becomes null by itself. */
function columnsAsArrays(_key: string, value: unknown): unknown {
  return value instanceof Float64Array || value instanceof Uint16Array ? Array.from(value) : value;
}
