// Copies what PostgreSQL needs to run, and nothing that is only for building against it.
import { cp, rm } from "node:fs/promises";
import path from "node:path";
import type { Programs } from "#src/embedded/programs.ts";

// Static libraries, headers' build files, C preprocessor for clients, and procedural languages whose interpreters are
// not here. Timezones, ICU's data and the extensions stay.
const left = [
  /\.a$/,
  /\/pkgconfig$/,
  /\/pgxs$/,
  /lib(ecpg|ecpg_compat|pgtypes)\.so/,
  /pl(perl|python3|tcl)/,
  /\.sample\.orig$/,
];

/** `to` gets bin, lib and share; the programs look for the other two beside bin, wherever that is. */
export async function copyPostgres({ postgresBin }: Programs, to: string): Promise<void> {
  const from = path.dirname(postgresBin);
  await rm(to, { recursive: true, force: true });
  for (const part of ["bin", "lib", "share"]) {
    const filter = (source: string) => !left.some((pattern) => pattern.test(source.slice(from.length)));
    // The libraries are links to one another, which must not become links to here.
    await cp(path.join(from, part), path.join(to, part), { recursive: true, verbatimSymlinks: true, filter });
  }
}
