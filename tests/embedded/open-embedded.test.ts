// The embedded services: they start, keep their data, are one process's own, and leave other folders alone.
import { expect, test } from "bun:test";
import { chmod, mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { openEmbedded } from "#src/embedded/open-embedded.ts";
import { CommandError } from "#src/kernel/errors.ts";
import { isRunning, keepOneMore, temporaryFolder } from "./services.ts";

test("they start, keep their data between runs, and stop", async () => {
  await using folder = await temporaryFolder();
  const dataDir = path.join(folder.path, "data");
  const pids: number[] = [];
  for (const run of [1, 2]) {
    await using services = await openEmbedded({ dataDir });
    pids.push(services.postgresPid, services.redisPid);
    expect(await keepOneMore(services)).toEqual({ rows: run, count: run });
  }
  expect(await Promise.all(pids.map(isRunning))).toEqual([false, false, false, false]);
  expect((await stat(path.join(dataDir, "embedded.password"))).mode & 0o777).toBe(0o600);
}, 60_000);

test("they start in a folder that other accounts cannot reach", async () => {
  await using folder = await temporaryFolder(0o700);
  await using services = await openEmbedded({ dataDir: path.join(folder.path, "data") });
  expect(await keepOneMore(services)).toEqual({ rows: 1, count: 1 });
}, 60_000);

test("they start where the path is too long for a unix socket", async () => {
  await using folder = await temporaryFolder();
  const dataDir = path.join(folder.path, "a".repeat(100), "data");
  await using services = await openEmbedded({ dataDir });
  expect(services.databaseSocket).toBeUndefined();
  expect(await keepOneMore(services)).toEqual({ rows: 1, count: 1 });
}, 60_000);

test("a second opener of the same folder is told so, and the first goes on", async () => {
  await using folder = await temporaryFolder();
  await using services = await openEmbedded({ dataDir: folder.path });
  const second = openEmbedded({ dataDir: folder.path });
  await expect(second).rejects.toThrow(CommandError);
  await expect(second).rejects.toThrow(`Another grimbots already uses ${folder.path}`);
  expect(await keepOneMore(services)).toEqual({ rows: 1, count: 1 });
}, 60_000);

test("two folders side by side have nothing in common", async () => {
  await using folder = await temporaryFolder();
  await using alices = await openEmbedded({ dataDir: path.join(folder.path, "alice") });
  {
    await using bobs = await openEmbedded({ dataDir: path.join(folder.path, "bob") });
    expect(await keepOneMore(bobs)).toEqual({ rows: 1, count: 1 });
    expect(bobs.postgresPid).not.toBe(alices.postgresPid);
  }
  expect(await keepOneMore(alices)).toEqual({ rows: 1, count: 1 });
}, 60_000);

test("a data directory that was left half-made is made anew", async () => {
  await using folder = await temporaryFolder();
  const draft = path.join(folder.path, "postgres.new", "data");
  await mkdir(draft, { recursive: true });
  await Bun.write(path.join(draft, "PG_VERSION"), "18\n");
  await chmod(draft, 0o700);
  await using services = await openEmbedded({ dataDir: folder.path });
  expect(await keepOneMore(services)).toEqual({ rows: 1, count: 1 });
}, 60_000);
