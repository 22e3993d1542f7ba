// grimbots broadcast: makes one on the database, which the running serve sends; and says what is wrong in one sentence.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { BroadcastId } from "#src/kernel/ids.ts";
import { arrivals, type Crowd, openCrowd, untilState } from "../support/broadcast.ts";
import { OPENING_MS, openWorld, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

let world: World;
let crowd: Crowd;
let folder: string;
beforeAll(async () => {
  world = await openWorld();
  crowd = await openCrowd(world, 12);
  folder = await mkdtemp(path.join(tmpdir(), "grimbots-broadcast-"));
}, OPENING_MS);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await world[Symbol.asyncDispose]();
}, OPENING_MS);

const MAIN = path.join(import.meta.dir, "../../src/main.ts");

async function broadcast(...args: string[]) {
  const child = Bun.spawn([process.execPath, MAIN, "broadcast", ...args], {
    env: { DATABASE_URL: world.databaseUrl },
    ...{ stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}

const bot = (): string => String(crowd.bot.botId);

test("a text, and a message from a file, go to everybody", async () => {
  const file = path.join(folder, "message.json");
  await Bun.write(
    file,
    JSON.stringify({ text: "Oi, {nome}", buttons: [[{ text: "Ver", url: "https://example.com" }]] }),
  );
  const server = await world.start();
  for (const message of [
    ["--text", "<b>Oferta</b>"],
    ["--message", file],
  ]) {
    const { code, stdout, stderr } = await broadcast("--bot", bot(), ...message, "--rate", "20", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const made = JSON.parse(stdout) as { broadcastId: BroadcastId; recipients: number };
    expect(made).toEqual({ broadcastId: expect.any(Number), recipients: 12 });
    await server.app.broadcasting?.look();
    expect(await untilState(world, made.broadcastId, "done")).toMatchObject({ sent: 12 });
  }
  expect(await arrivals(world, crowd)).toEqual(crowd.chats.map(() => 2));
  expect(await crowd.bot.chat(crowd.chats[0] ?? 0)).toEqual(["Oferta", "Oi, Ana Souza"]);
});

test.each<[string[], number, string]>([
  [["--text", "Oi"], 2, "--bot is missing"],
  [["--bot", "x", "--text", "Oi"], 2, "--bot must be the number of a bot."],
  [["--bot", "999999", "--text", "Oi"], 1, "There is no bot 999999."],
  [["--bot", "1"], 2, "Give the message as --text TEXT or as --message FILE, one of them."],
  [["--bot", "1", "--text", "Oi", "--message", "x.json"], 2, "one of them."],
  [["--bot", "1", "--message", "nowhere.json"], 2, "nowhere.json cannot be read as a JSON file."],
  [["--bot", "1", "--text", "Oi", "--rate", "31"], 2, "--rate takes a number from 1 to 30."],
  [["--bot", "1", "--text", "<b>Oi"], 2, "A mensagem tem problemas:\n- o texto tem um erro de HTML"],
])("%j: exit %d, %s", async (args, code, sentence) => {
  const ran = await broadcast(...args);
  expect([ran.code, ran.stdout]).toEqual([code, ""]);
  expect(ran.stderr).toContain(sentence);
});
