// The benchmark of where the time goes: a profile of the program's own CPU by module while it answers /start, and PostgreSQL's by process.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { readBackends, usedBetween } from "./backends.ts";
import type { Bench } from "./bench.ts";
import { type CpuProfile, sharesByModule } from "./cpu-profile.ts";
import { profiled } from "./profile.ts";
import { findProgram } from "./program.ts";
import { type BenchResult, blockOf } from "./result.ts";
import { bounds, commonFlags, keepResults, logOf, nameOf, needLinux, tell, warmUp } from "./run.ts";
import { type OpenStage, OUT, openStage } from "./stage.ts";
import { readVersions } from "./versions.ts";
import { count, percent } from "./words.ts";

const BOTS = 10;
const PER_SECOND = 500;
/** More rows than these tell nothing. */
const ROWS = 16;

export const hotPath: Bench = {
  name: "profile",
  summary: "where the time of a /start goes: the program's CPU by module, PostgreSQL's by what its processes do.",
  flags: [
    { name: "seconds", value: "N", means: "How long it is watched. Default: 10." },
    { name: "rate", value: "N", means: `Updates per second. Default: ${PER_SECOND}.` },
    ...commonFlags,
  ],
  async run(flags) {
    needLinux();
    const name = nameOf("profile");
    const program = await findProgram(flags.text("binary"));
    const seconds = flags.number("seconds", bounds.seconds) ?? 10;
    const perSecond = flags.number("rate", { least: 1, most: 5_000 }) ?? PER_SECOND;
    await using stage = await openStage({ bots: BOTS, processes: 1, program, serving: profiled(), log: logOf(name) });
    const results = await watch(stage, { seconds, perSecond, since: new Set(profilesIn(OUT)) });
    for (const result of results) process.stdout.write(blockOf("profile", result));
    await keepResults({ bench: "profile", flags, name, facts: { versions: await readVersions(stage) }, results });
    return true;
  },
};

type Watched = { seconds: number; perSecond: number; since: ReadonlySet<string> };

async function watch(stage: OpenStage, { seconds, perSecond, since }: Watched): Promise<BenchResult[]> {
  await warmUp(stage, 10, perSecond);
  tell(`${count(perSecond)} /start a second for ${seconds} s under the profiler …`);
  const before = await readBackends(stage);
  const beganUs = Date.now() * 1_000;
  const driven = await stage.load.drive({ perSecond, seconds, schedule: "poisson", seed: 1 });
  const endedUs = Date.now() * 1_000;
  const backends = usedBetween(before, await readBackends(stage));
  await stage.application.end("SIGTERM");
  const updates = driven.dueMs.length;
  const file = profilesIn(OUT).find((name) => !since.has(name));
  if (file === undefined) throw new Error("Bun left no profile behind.");
  const profile = JSON.parse(readFileSync(path.join(OUT, file), "utf8")) as CpuProfile;
  const shares = sharesByModule(profile, beganUs, endedUs);
  const title = (what: string): string => `${what}, ${count(perSecond)} /start per second for ${seconds} s`;
  return [
    {
      title: title("the program's thread by module"),
      lines: [["under the profiler", "which makes everything dearer: read the shares, not the sums"]],
      table: tableOf(
        "module",
        shares.map(({ module, milliseconds }) => [module, milliseconds]),
        updates,
      ),
      ...{ targets: [], doubts: [] },
    },
    {
      title: title("PostgreSQL by process"),
      ...{ lines: [], targets: [], doubts: [] },
      table: tableOf("process", backends, updates),
    },
  ];
}

function tableOf(what: string, used: readonly [name: string, milliseconds: number][], updates: number): string[][] {
  const all = used.reduce((sum, [, milliseconds]) => sum + milliseconds, 0);
  const rows = used.slice(0, ROWS).filter(([, milliseconds]) => milliseconds > 0);
  const lineOf = ([name, milliseconds]: readonly [string, number]): string[] => [
    name,
    ((milliseconds * 1_000) / updates).toFixed(0),
    percent(milliseconds / all),
  ];
  return [[what, "µs per /start", "share"], ...rows.map(lineOf), lineOf(["all", all])];
}

const profilesIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"));
