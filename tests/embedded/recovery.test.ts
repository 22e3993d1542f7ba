// What a violent end leaves behind, of us or of a server, is put in order by the next start, and only what is ours.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chown, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { serverAccount } from "#src/embedded/account.ts";
import { commandFor } from "#src/embedded/command.ts";
import { freePort } from "#src/embedded/free-port.ts";
import { openEmbedded } from "#src/embedded/open-embedded.ts";
import { findPrograms } from "#src/embedded/programs.ts";
import { retry } from "#src/embedded/retry.ts";
import { isRunning, keepOneMore, temporaryFolder } from "./services.ts";

const patience = { firstMs: 10, longestMs: 200, withinMs: 20_000 };

// Making a data directory takes seconds: these tests share one folder, and count on from what is in it.
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let kept = { rows: 0, count: 0 };

beforeAll(async () => {
  folder = await temporaryFolder();
  await using services = await openEmbedded({ dataDir: folder.path });
  kept = await keepOneMore(services);
}, 60_000);
afterAll(() => folder[Symbol.asyncDispose]());

test("our process is killed: the next start works and the data is there", async () => {
  const first = await killedOpener(folder.path);
  expect(first).toMatchObject(next());
  await using services = await openEmbedded({ dataDir: folder.path });
  expect(await keepOneMore(services)).toEqual(next());
  expect(await Promise.all(first.pids.map(isRunning))).toEqual([false, false]);
}, 60_000);

test("both servers are killed: they are started again at the same addresses, with their data", async () => {
  await using services = await openEmbedded({ dataDir: folder.path });
  const { databaseUrl, redisUrl, postgresPid, redisPid } = services;
  expect(await keepOneMore(services)).toEqual(next());
  for (const pid of [postgresPid, redisPid]) process.kill(pid, "SIGKILL");
  await retry(patience, async () =>
    services.postgresPid !== postgresPid && services.redisPid !== redisPid ? true : undefined,
  );
  expect(await keepOneMore(services)).toEqual(next());
  expect(services).toMatchObject({ databaseUrl, redisUrl });
}, 60_000);

test("a PostgreSQL that still runs on the folder is ended first", async () => {
  const data = path.join(folder.path, "postgres");
  const program = path.join((await findPrograms()).postgresBin, "postgres");
  const args = ["-D", data, "-p", String(await freePort()), "-c", "unix_socket_directories="];
  const orphan = await spawn(program, args, data);
  await retry(patience, async () => ((await exists(path.join(data, "postmaster.pid"))) ? true : undefined));
  await using services = await openEmbedded({ dataDir: folder.path });
  await orphan.exited;
  expect(await keepOneMore(services)).toEqual(next());
}, 60_000);

test("a Redis that still runs on the folder is ended first", async () => {
  const redis = path.join(folder.path, "redis");
  const orphan = await spawn((await findPrograms()).redisServer, [path.join(redis, "redis.conf")], redis);
  await retry(patience, async () => ((await exists(path.join(redis, "redis.sock"))) ? true : undefined));
  await using services = await openEmbedded({ dataDir: folder.path });
  await orphan.exited;
  expect(await keepOneMore(services)).toEqual(next());
}, 60_000);

test("a pid file whose pid now belongs to another program is cleared, and the program lives on", async () => {
  await using bystander = Bun.spawn(["sleep", "60"]);
  const data = path.join(folder.path, "postgres");
  const pidFile = path.join(data, "postmaster.pid");
  await writeFile(pidFile, `${bystander.pid}\n${data}\n1700000000\n5432\n\n127.0.0.1\n  1  1\nready\n`, {
    mode: 0o600,
  });
  const account = await serverAccount();
  if (account !== undefined) await chown(pidFile, account.uid, account.gid);
  await using services = await openEmbedded({ dataDir: folder.path });
  expect(await keepOneMore(services)).toEqual(next());
  expect(await readFile(pidFile, "utf8")).toStartWith(String(services.postgresPid));
  expect(bystander.exitCode).toBeNull();
}, 60_000);

/** What one more visit must count: nothing is lost. */
function next() {
  kept = { rows: kept.rows + 1, count: kept.count + 1 };
  return kept;
}

/** What the killed program had kept, and the pids of its servers. */
async function killedOpener(dataDir: string): Promise<{ rows: number; count: number; pids: number[] }> {
  const program = path.join(import.meta.dir, "open-and-wait.ts");
  await using child = Bun.spawn([process.execPath, program, dataDir], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  child.kill("SIGKILL");
  await child.exited;
  return JSON.parse(new TextDecoder().decode(value));
}

/** A server that nobody holds the folder for, as a killed process leaves it where the kernel knows no death signal. */
async function spawn(program: string, args: string[], folder: string) {
  const account = await serverAccount();
  const command = await commandFor({ program, args, folders: [folder], account, deathSignal: "KILL" });
  return Bun.spawn({ ...command, stdin: "ignore", stdout: "ignore", stderr: "ignore" });
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
