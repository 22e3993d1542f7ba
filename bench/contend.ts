// What the benchmarks side by side share: their contenders on one ground, who are measured in turns, and the results kept.

import type { Database } from "#db/connect.ts";
import type { Flag, Flags } from "./bench.ts";
import { type Contender, openContenders } from "./contenders.ts";
import { untilAskedToEnd } from "./ending.ts";
import { ensurePeers } from "./install-peers.ts";
import { contendersText } from "./peer-report.ts";
import type { ProfileBy } from "./peers/settings.ts";
import { findProgram } from "./program.ts";
import { type BenchResult, blockOf } from "./result.ts";
import { botsFlag, bounds, commonFlags, keepResults, logOf, nameOf, needLinux, secondsFlag, tell } from "./run.ts";
import { type Ground, openGround } from "./stage.ts";
import { readVersions, versionsText } from "./versions.ts";

export const contendFlags: readonly Flag[] = [
  secondsFlag,
  botsFlag,
  {
    name: "profile",
    value: "HOW",
    means: "How grammy-hono saves a profile: job or commit. Default: commit, as ours does.",
  },
  { name: "tries", value: "N", means: "Tries of a step while others use the machine. Default: 3." },
  ...commonFlags,
];

export type Contest = {
  ground: Ground;
  /** Ours first. */
  contenders: readonly Contender[];
  show(result: BenchResult): void;
};

/** Opens the ground and the contenders, lets `run` show its results, and keeps them. True when every target was met. */
export async function contend(bench: string, flags: Flags, run: (contest: Contest) => Promise<void>): Promise<boolean> {
  needLinux();
  const { node, version } = await ensurePeers(tell);
  const program = await findProgram(flags.text("binary"));
  const name = nameOf(bench);
  const log = logOf(name);
  const bots = flags.number("bots", bounds.bots) ?? 10;
  const profileBy = flags.choice<ProfileBy>("profile", ["job", "commit"]) ?? "commit";
  const ended = untilAskedToEnd();
  tell("Starting PostgreSQL, Redis, the fake Telegram and the generator …");
  await using ground = await openGround({ program, log });
  await using opened = await openContenders(ground, { program, node, bots, log, profileBy });
  const versions = await readVersions({ sql: sqlOf(opened.list), redisUrl: ground.services.redisUrl });
  process.stdout.write(`${versionsText(versions)}Node.js ${version}\n${contendersText(opened.list)}`);
  const results: BenchResult[] = [];
  const show = (result: BenchResult): void => {
    results.push(result);
    process.stdout.write(blockOf(bench, result));
  };
  await Promise.race([run({ ground, contenders: opened.list, show }), ended]);
  await keepResults({ bench, flags, name, facts: { bots, profileBy, versions, nodeVersion: version }, results });
  return results.every(({ targets }) => targets.every(({ met }) => met));
}

function sqlOf([ours]: readonly Contender[]): Database {
  if (!ours) throw new RangeError("nobody contends");
  return ours.sql;
}
