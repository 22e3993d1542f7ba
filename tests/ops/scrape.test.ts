// Several processes on one machine: whichever is asked tells the series of all, each under a name of its own.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer } from "node:net";
import { answerPeers, askPeers, peersOf } from "#src/ops/peers.ts";
import { openScrape } from "#src/ops/scrape.ts";
import { type Child, startServe } from "../support/serve.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type Running, type World } from "../support/world.ts";

let world: World;
let here: Running;
let other: Child;
beforeAll(async () => {
  world = await openWorld();
  here = await world.start({ workers: [] });
  other = startServe(world, 0);
}, OPENING_MS);
afterAll(async () => {
  await other.kill();
  await world[Symbol.asyncDispose]();
}, OPENING_MS);

const scrape = async (): Promise<string> => (await fetch(`${here.http.url}/metrics`)).text();
const processesIn = (text: string): string[] =>
  [...new Set([...text.matchAll(/process="([^"]*)"/g)].map(([, is]) => is ?? ""))].sort();

test("a process that serves is asked, and its series stand beside those of who is asked", async () => {
  const text = await until("the other one answers", async () => {
    const told = await scrape();
    return processesIn(told).length === 1 && told;
  });
  expect(processesIn(text)).toEqual(["all-1"]);
  expect(text).toMatch(/^grimbots_updates_kept_total \d+$/m);
  expect(text).toMatch(/^grimbots_updates_kept_total\{process="all-1"\} 0$/m);
  expect(text).toMatch(/^grimbots_process_info\{workers="tasks,webhook,gateway,clock",process="all-1"\} 1$/m);
  expect(text).toMatch(/^grimbots_build_info\{version="\d+\.\d+\.\d+[^"]*",bun="[\d.]+",process="all-1"\} 1$/m);
  // What is the same whoever is asked stands there once, without a process.
  expect(text.match(/^grimbots_database_up/gm)).toHaveLength(1);
  expect(text.match(/^# TYPE grimbots_updates_kept_total counter$/gm)).toHaveLength(1);
});

test("who has joined the others tells its own part as one of them", async () => {
  const joined = await openScrape(here.app).join(["tasks", "gateway"]);
  const text = await scrape();
  expect(processesIn(text)).toEqual(["all-1", "workers-2"]);
  expect(text.match(/^grimbots_updates_kept_total/gm)).toHaveLength(2);
  joined.close();
  expect(processesIn(await scrape())).toEqual(["all-1"]);
});

test("one that is killed is gone at once, and its number is free", async () => {
  await other.kill();
  await until("its series are gone", async () => processesIn(await scrape()).length === 0);
  const next = await answerPeers(peersOf(world.databaseUrl), "tasks", async () => []);
  expect(next?.process).toBe("tasks-1");
  next?.close();
});

test("one that says nothing, or what is no answer, is counted and not waited for", async () => {
  const peers = "grimbots:0123456789abcdef";
  const silent = createServer(() => undefined);
  const strange = createServer((socket) => void socket.end('{"self":1}'));
  await new Promise<void>((resolve) => void silent.listen({ path: `\0${peers}:1` }, resolve));
  await new Promise<void>((resolve) => void strange.listen({ path: `\0${peers}:2` }, resolve));
  const good = await answerPeers(peers, "http", async () => ["content"]);
  const { told, silent: missing } = await askPeers(peers);
  expect([told.map(({ process, content }) => [process, content]), missing]).toEqual([[["http-3", ["content"]]], 2]);
  good?.close();
  silent.close();
  strange.close();
});

test("installations are told apart by their database, without a word of its password", () => {
  const address = "postgres://alice:secret@db:5432/grimbots";
  expect(peersOf(address)).toBe(peersOf("postgres://bob:other@db:5432/grimbots"));
  expect(peersOf(address)).not.toBe(peersOf("postgres://alice:secret@db:5432/other"));
  expect(peersOf(address)).toMatch(/^grimbots:[0-9a-f]{16}$/);
});
