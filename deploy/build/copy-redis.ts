// Copies redis-server with the libraries it needs, so that it runs on a machine without Debian's packages.
import { chmod, copyFile, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { Programs } from "#src/embedded/programs.ts";

// glibc belongs together with the machine's loader: a copy of it would not fit another machine's.
const glibc = /^(linux-vdso|ld-linux|libc|libm|libpthread|libdl|librt)[.-]/;

/** `to` gets redis-server and lib/. Elsewhere than on Linux nothing: there Redis is taken from PATH. */
export async function copyRedis({ redisServer, redisLibs }: Programs, to: string): Promise<void> {
  if (process.platform !== "linux") return;
  await rm(to, { recursive: true, force: true });
  await mkdir(path.join(to, "lib"), { recursive: true });
  await copyFile(redisServer, path.join(to, "redis-server"));
  await chmod(path.join(to, "redis-server"), 0o755);
  for (const library of await librariesOf(redisServer, redisLibs)) {
    await copyFile(library, path.join(to, "lib", path.basename(library)));
  }
}

/** The paths that the loader would take: ldd says "name => path (address)". */
async function librariesOf(program: string, libs: string | undefined): Promise<string[]> {
  const env = libs === undefined ? {} : { LD_LIBRARY_PATH: path.resolve(libs) };
  const said = await Bun.$`ldd ${program}`.env({ PATH: "/usr/bin:/bin", ...env }).text();
  const found = [...said.matchAll(/=> (\/\S.*) \(0x/g)].flatMap(([, file]) => file ?? []);
  return found.filter((file) => !glibc.test(path.basename(file)));
}
