// Makes PostgreSQL's data directory, whole or not at all.
import { chown, mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { CommandError } from "../kernel/errors.ts";
import type { Account } from "./account.ts";
import { commandFor } from "./command.ts";

/** `data` does not exist yet; `bin` holds initdb. */
export type NewCluster = { bin: string; data: string; password: string; account: Account | undefined };

/**
 * Initialises beside the final place and renames: what a crash leaves half-done is never taken for a data directory, and
 * is thrown away here.
 */
export async function initdb({ bin, data, password, account }: NewCluster): Promise<void> {
  const draft = `${data}.new`;
  await rm(draft, { recursive: true, force: true, maxRetries: 5 });
  await mkdir(draft, { mode: 0o700 });
  const passwordFile = path.join(draft, "password");
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) for (const place of [draft, passwordFile]) await chown(place, account.uid, account.gid);
  const program = path.join(bin, "initdb");
  const args = ["-D", path.join(draft, "data"), "--pwfile", passwordFile, ...(await settings(program))];
  const command = await commandFor({ program, args, folders: [draft], account, deathSignal: "KILL" });
  const child = Bun.spawn({ ...command, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new CommandError(`PostgreSQL's initdb failed: ${said.trim().slice(-300)}`);
  await rename(path.join(draft, "data"), data);
  await rm(draft, { recursive: true });
}

/** UTF-8 in C.UTF-8's order. From version 17 on PostgreSQL brings that locale itself; before, the machine must have it. */
async function settings(program: string): Promise<string[]> {
  const version = await new Response(Bun.spawn([program, "--version"]).stdout).text();
  const major = Number(/\d+/.exec(version)?.[0]);
  const locale =
    major >= 17 ? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"] : ["--locale=C.UTF-8"];
  return ["--username=grimbots", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions", ...locale];
}
