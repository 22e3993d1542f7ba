// The benchmark of growth: what a /start costs when the database is empty, and when months of messages and customers are in it.

import path from "node:path";
import type { Bench, Flags } from "./bench.ts";
import { boundedBy } from "./ending.ts";
import { type Databases, openDatabases } from "./growth-databases.ts";
import { type Amounts, bytesNeeded, filledText, MOST_CUSTOMERS, MOST_ROWS, needRoom } from "./growth-fill.ts";
import { regulars } from "./growth-people.ts";
import { growthResults, isQuiet, type Round } from "./growth-report.ts";
import { type Pace, takeGrowthTurn } from "./growth-turn.ts";
import { findProgram } from "./program.ts";
import { headOf } from "./report.ts";
import { blockOf } from "./result.ts";
import { commonFlags, keepResults, nameOf, needLinux, QUICK, tell } from "./run.ts";
import { type Ground, OUT, openGround } from "./stage.ts";
import { readVersions } from "./versions.ts";
import { count } from "./words.ts";

const BOTS = 10;
const WARM_UP_SECONDS = 5;
const USUAL: Amounts = { customers: 1_000_000, messages: 10_000_000, rows: 1_000_000 };
/** All is given up after this, and no round begins that may end later than a little before; where more is to be filled, it is as much more. */
const MOST_MS = 350_000;
const LAST_ROUND_MS = 10_000;

export const growth: Bench = {
  name: "growth",
  summary: "what a /start costs in a full database, against an empty one.",
  flags: [
    { name: "messages", value: "N", means: "Messages that are kept, as many of each customer. Default: 10000000." },
    { name: "customers", value: "N", means: "Customers. Default: 1000000." },
    { name: "rows", value: "N", means: "Inbox rows of two days, with two effects each. Default: 1000000." },
    { name: "rate", value: "N", means: "Updates per second. Default: 300." },
    { name: "seconds", value: "N", means: "Length of each turn. Default: 12." },
    { name: "rounds", value: "N", means: "Turns of each database, as far as they fit into six minutes. Default: 3." },
    { name: "tries", value: "N", means: "Tries of a round while others use the machine. Default: 2." },
    { ...QUICK, means: "A tenth of everything that is kept; two rounds of 3 seconds." },
    ...commonFlags,
  ],
  async run(flags) {
    needLinux();
    const plan = planOf(flags);
    const name = nameOf("growth");
    const program = await findProgram(flags.text("binary"));
    const log = path.join(OUT, `${name}.log`);
    tell("Starting PostgreSQL, Redis, the fake Telegram and the generator …");
    await using ground = await openGround({ program, log });
    await needRoom(ground.folder, plan.amounts);
    const { results, versions } = await boundedBy(plan.mostMs, "growth", runAll(ground, plan, { program, log }));
    await keepResults({ bench: "growth", flags, name, facts: { bots: BOTS, processes: 1, versions }, results });
    return results.every(({ targets }) => targets.every(({ met }) => met));
  },
};

type Plan = { amounts: Amounts; pace: Pace; rounds: number; tries: number; mostMs: number };

function planOf(flags: Flags): Plan {
  const quick = flags.has("quick");
  const amount = (name: keyof Amounts, bounds: { least: number; most: number }): number =>
    flags.number(name, bounds) ?? USUAL[name] * (quick ? 0.1 : 1);
  const amounts: Amounts = {
    customers: amount("customers", { least: regulars.count, most: MOST_CUSTOMERS }),
    messages: amount("messages", { least: 1, most: 1_000_000_000 }),
    rows: amount("rows", { least: 1, most: MOST_ROWS }),
  };
  // In a longer or faster turn some of the regulars would write a second time.
  const perSecond = flags.number("rate", { least: 1, most: 1_000 }) ?? 300;
  const seconds = flags.number("seconds", { least: 1, most: 30 }) ?? (quick ? 3 : 12);
  const pace: Pace = { perSecond, seconds, warmUpSeconds: Math.min(WARM_UP_SECONDS, seconds) };
  const rounds = flags.number("rounds", { least: 1, most: 20 }) ?? (quick ? 2 : 3);
  const tries = flags.number("tries", { least: 1, most: 20 }) ?? 2;
  const mostMs = MOST_MS * Math.max(1, bytesNeeded(amounts) / bytesNeeded(USUAL));
  return { amounts, pace, rounds, tries, mostMs };
}

type Programs = Pick<Parameters<typeof openDatabases>[1], "program" | "log">;

async function runAll(ground: Ground, { amounts, ...plan }: Plan, programs: Programs) {
  const endMs = performance.now() + plan.mostMs - LAST_ROUND_MS;
  await using databases = await openDatabases(ground, { ...programs, bots: BOTS, amounts });
  const { empty, full } = databases;
  const versions = await readVersions({ sql: empty.sql, redisUrl: ground.services.redisUrl });
  process.stdout.write(headOf(versions));
  const told = {
    empty: `nothing but ${count(regulars.count)} customers, who send every other /start in both`,
    full: filledText(full.filled),
    before: `VACUUM (ANALYZE), CHECKPOINT, a new program, and ${plan.pace.warmUpSeconds} s of the same load; autovacuum is off`,
  };
  tell(`${told.full}.`);
  const results = growthResults(await takeRounds(ground, databases, plan, endMs), told);
  for (const result of results) process.stdout.write(blockOf("growth", result));
  return { results, versions };
}

/**
 * By turns, so that whatever changes on the machine meanwhile meets both; more rounds while others use the machine, and none for which there
 * is no time any more.
 */
async function takeRounds(ground: Ground, { empty, full }: Databases, plan: Omit<Plan, "amounts">, endMs: number) {
  const { pace, rounds: wanted, tries } = plan;
  const rounds: Round[] = [];
  let longestMs = 0;
  const isEnough = (): boolean => rounds.filter(isQuiet).length >= wanted || rounds.length >= wanted * tries;
  do {
    const beganMs = performance.now();
    const round = rounds.length + 1;
    tell(`Round ${round}: ${count(pace.perSecond)} /start a second for ${pace.seconds} s, empty, then full …`);
    rounds.push({
      empty: await takeGrowthTurn(ground, empty, pace, round),
      full: await takeGrowthTurn(ground, full, pace, round),
    });
    longestMs = Math.max(longestMs, performance.now() - beganMs);
  } while (!isEnough() && performance.now() + longestMs < endMs);
  return rounds;
}
