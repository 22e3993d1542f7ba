// Measuring the source under Bun's CPU profiler in place of the executable.

import path from "node:path";
import { limits } from "#src/kernel/limits.ts";
import type { Flag, Flags } from "./bench.ts";
import type { Program } from "./program.ts";
import { OUT, type StageOptions } from "./stage.ts";

export const profileFlag: Flag = {
  name: "profile",
  means: "Measure the source under Bun's CPU profiler; the profile is left in bench/out/.",
};

/** What a stage serves: the program, or with --profile its source under the profiler. */
export function servingOf(program: Program, flags: Flags): StageOptions["serving"] {
  return flags.has("profile") ? profiled() : { program, settings: {} };
}

/** The source under the profiler, which leaves its profile in bench/out/ when the program ends. */
export function profiled(): StageOptions["serving"] {
  return {
    program: [process.execPath, "--cpu-prof", "--cpu-prof-dir", OUT, path.resolve("src/main.ts")],
    // With this set the program has no need to start itself again, which would lose Bun's flags.
    settings: { BUN_CONFIG_MAX_HTTP_REQUESTS: String(limits.httpRequests) },
  };
}
