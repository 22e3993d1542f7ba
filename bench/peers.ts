// The benchmark side by side: the same load for grimbots, for what a good engineer would write instead, and for the least program there is.

import path from "node:path";
import type { Bench, Flags } from "./bench.ts";
import { openContenders } from "./contenders.ts";
import { untilAskedToEnd } from "./ending.ts";
import type { Search } from "./highest-rate.ts";
import { ensurePeers } from "./install-peers.ts";
import { contendersText, highestReport, oursHeld, rateReport } from "./peer-report.ts";
import { findHighest, type Highest, type Pace, type Turn, takeTurn } from "./peer-rounds.ts";
import type { ProfileBy } from "./peers/settings.ts";
import { findProgram } from "./program.ts";
import { botsFlag, bounds, commonFlags, nameOf, needLinux, secondsFlag, tell } from "./run.ts";
import { type Ground, OUT, openGround } from "./stage.ts";
import { readVersions, versionsText } from "./versions.ts";
import { writeResults } from "./write-results.ts";

export const peers: Bench = {
  name: "peers",
  summary: "/start side by side: grimbots, grammY + Hono + BullMQ + pg on Node, and a floor; the ratios.",
  flags: [
    { name: "rate", value: "N", means: "One rate, N updates per second, instead of the two rates." },
    secondsFlag,
    { name: "rounds", value: "N", means: "Turns of each contender at these rates. Default: 3." },
    { name: "only", value: "PART", means: "rates or highest: one of the two parts." },
    botsFlag,
    { name: "quick", means: "Steps of 8 seconds, two rounds, a coarser search." },
    {
      name: "profile",
      value: "HOW",
      means: "How grammy-hono saves a profile: job or commit. Default: commit, as ours does.",
    },
    { name: "tries", value: "N", means: "Tries of a step while others use the machine. Default: 3." },
    ...commonFlags,
  ],
  async run(flags) {
    needLinux();
    const plan = planOf(flags);
    const { node, version } = await ensurePeers(tell);
    const program = await findProgram(flags.text("binary"));
    const name = nameOf("peers");
    const log = path.join(OUT, `${name}.log`);
    const ended = untilAskedToEnd();
    tell("Starting PostgreSQL, Redis, the fake Telegram and the generator …");
    await using ground = await openGround({ program, log });
    const options = { program, node, bots: plan.bots, log, nodeVersion: version, profileBy: plan.profileBy };
    const { turns, highest, facts } = await Promise.race([runAll(ground, plan, options), ended]);
    const file = flags.text("json") ?? path.join(OUT, `${name}.json`);
    await writeResults(file, {
      bench: "peers",
      bots: plan.bots,
      profileBy: plan.profileBy,
      ...facts,
      highest,
      results: turns,
    });
    tell(`Raw results: ${path.relative(".", file)}`);
    return oursHeld(turns);
  },
};

type Plan = {
  rates: number[];
  rounds: number;
  pace: Pace;
  search: Search | undefined;
  bots: number;
  profileBy: ProfileBy;
};

const RATES = [17, 500];
const QUICK_SEARCH = { growth: 1.6, precision: 1.25, misses: 1 };
/** A rate that is missed once may have met a neighbour: it is tried again. */
const FULL_SEARCH = { growth: 1.5, precision: 1.08, misses: 2 };

function planOf(flags: Flags): Plan {
  const quick = flags.has("quick");
  const only = flags.choice("only", ["rates", "highest"]);
  const profileBy = flags.choice<ProfileBy>("profile", ["job", "commit"]) ?? "commit";
  const rate = flags.number("rate", { least: 1, most: 50_000 });
  const rates = rate === undefined ? RATES : [rate];
  const seconds = flags.number("seconds", { least: 2, most: 3_600 }) ?? (quick ? 8 : 30);
  const search = { ...(quick ? QUICK_SEARCH : FULL_SEARCH), first: Math.max(...rates) };
  return {
    ...{ rates, profileBy },
    rounds: only === "highest" ? 0 : (flags.number("rounds", bounds.few) ?? (quick ? 2 : 3)),
    pace: { seconds, warmUpSeconds: quick ? 2 : 10, tries: flags.number("tries", bounds.few) ?? 3, tell },
    search: only === "rates" ? undefined : search,
    bots: flags.number("bots", bounds.bots) ?? 10,
  };
}

type Options = Parameters<typeof openContenders>[1] & { nodeVersion: string };

async function runAll(ground: Ground, { rates, rounds, pace, search }: Plan, options: Options) {
  await using contenders = await openContenders(ground, options);
  const { list } = contenders;
  const names = list.map(({ name }) => name);
  const [ours] = list;
  if (!ours) throw new RangeError("nobody contends");
  const versions = await readVersions({ sql: ours.sql, redisUrl: ground.services.redisUrl });
  process.stdout.write(`${versionsText(versions)}Node.js ${options.nodeVersion}\n${contendersText(list)}`);
  const turns: Turn[] = [];
  for (let round = 1; round <= rounds; round++)
    for (const contender of list) turns.push(...(await takeTurn(ground, contender, { ...pace, rates, round })));
  for (const [rate, some] of Map.groupBy(turns, (turn) => turn.step.perSecond))
    process.stdout.write(rateReport(rate, some, names));
  const highest: Highest = search ? await findHighest(ground, list, { ...pace, search }) : {};
  if (search) process.stdout.write(highestReport(highest, names));
  return { turns, highest, facts: { versions, nodeVersion: options.nodeVersion } };
}
