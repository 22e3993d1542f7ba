// The pure parts of the benchmark of growth: who writes, how much room it takes, and empty against full.

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CommandError } from "#src/kernel/errors.ts";
import type { CpuUse } from "../../bench/cpu.ts";
import { bytesNeeded, filledText, needRoom } from "../../bench/growth-fill.ts";
import { chatOfPerson, chatOfPersonSql, mixedChat, personOf, regulars } from "../../bench/growth-people.ts";
import { costOf, growthResults, quietOf, type Round, sumOf } from "../../bench/growth-report.ts";
import type { GrowthTurn } from "../../bench/growth-turn.ts";
import { percentilesOf } from "../../bench/percentiles.ts";
import { requestsOf } from "../../bench/start-request.ts";

const FIRST = 5_000_000_000;

test("every other one who writes is a regular, the others are new, and nobody writes twice in a turn", () => {
  const persons = Array.from({ length: 2 * regulars.count }, (_, n) => personOf(FIRST + n));
  const known = persons.filter((person) => person < regulars.count);
  expect(known).toHaveLength(regulars.count);
  expect(new Set(persons).size).toBe(persons.length);
  expect(new Set(persons.map(chatOfPerson)).size).toBe(persons.length);
});

test("chats lie all over their range, below those that the generator counts up, and evenly", () => {
  const chats = Array.from({ length: 10_000 }, (_, person) => chatOfPerson(person));
  expect(Math.max(...chats)).toBeLessThan(FIRST);
  expect(Math.min(...chats)).toBeGreaterThan(0);
  const sorted = chats.toSorted((a, b) => a - b);
  const gaps = sorted.slice(1).map((chat, index) => chat - (sorted[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(5 * (2 ** 32 / chats.length));
});

test("SQL scatters people as TypeScript does", () => {
  const sql = chatOfPersonSql("3").replaceAll(/::bigint/g, "");
  const [, first = "", factor = "", range = ""] = /^\((\d+) \+ \(3\) \* (\d+) % (\d+)\)$/.exec(sql) ?? [];
  for (const person of [0, 1, 3, 32_767, 999_999])
    expect(BigInt(first) + ((BigInt(person) * BigInt(factor)) % BigInt(range))).toBe(BigInt(chatOfPerson(person)));
});

test("a mixed /start comes from that person's chat, to the bot of the chat", () => {
  const bots = [1, 2, 3].map((botId) => ({ botId, token: "", secretToken: "s" }));
  const chat = mixedChat(FIRST + 7);
  const request = requestsOf("http://127.0.0.1:80", bots, "mixed")(FIRST + 7, 1);
  expect(request).toStartWith(`POST /webhook/telegram/${(chat % 3) + 1} HTTP/1.1`);
  expect(request).toContain(`"chat":{"id":${chat},`);
  expect(request).toContain(`"text":"/start campanha_42"`);
});

test("a disk without room is told before anything is filled", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "growth-"));
  try {
    const much = { customers: 1, messages: 1e15, rows: 1 };
    const told = await needRoom(folder, much).catch((error: unknown) => error);
    expect(told).toBeInstanceOf(CommandError);
    expect(String(told)).toContain("make room, or ask for less");
    expect(bytesNeeded({ customers: 1_000_000, messages: 10_000_000, rows: 1_000_000 })).toBeGreaterThan(9e9);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what was filled is told with its size and time", () => {
  const filled = { customers: 2_000, messages: 20_000, rows: 100, effects: 200, bytes: 8.94e9, seconds: 181.4 };
  expect(filledText(filled)).toBe(
    "20,000 messages, 2,000 customers, 100 inbox rows and 200 effects: 8.9 GB, filled in 181 s",
  );
});

const use = (parts: Record<string, number>, others: number): CpuUse => ({
  ...{ seconds: 10, parts, others, kernel: 0, interrupts: 0, stolen: 0 },
});

/** 1,000 updates in 10 s; `application`: its share of a core. */
function turnOf(database: string, application: number, { others = 0, lost = 0 } = {}): GrowthTurn {
  const updates = 1_000;
  const zeros = new Float64Array(updates);
  const still = percentilesOf([1]);
  const kept = { finished: updates };
  return {
    ...{ database, round: 1, pages: { hits: 99_000, reads: 1_000, logBytes: 4_000_000, fullPages: 500 } },
    writing: { ...use({ PostgreSQL: 0.05 }, 0), seconds: 1 },
    measured: {
      driven: {
        ...{ firstChat: FIRST, startedAtMs: 0, dueMs: zeros, lagMs: zeros, ackMs: zeros },
        ...{ status: new Uint16Array(updates).fill(200), connections: 1, heldBack: 0, resent: 0 },
      },
      joined: { sendMs: zeros, lost, doubled: 0 },
      ...{ send: still, ack: still, lag: still, accepted: updates, refused: {}, kept, drained: true, drainMs: 1 },
      ...{ cpu: use({ application, PostgreSQL: 0.04, Redis: 0.01 }, others), resident: { 1: 1 } },
      fsync: { before: still, after: still },
    },
  };
}

const roundOf = (empty: number, full: number, noise: { others?: number; lost?: number } = {}): Round => ({
  empty: turnOf("empty", empty),
  full: turnOf("full", full, noise),
});
const told = { empty: "nothing", full: "much", before: "the same" };

test("the cost of an update is the three programs' CPU and the checkpoint's", () => {
  const cost = costOf(turnOf("empty", 0.05));
  expect(cost.application).toBeCloseTo(500);
  expect(cost.PostgreSQL).toBeCloseTo(400);
  expect(cost.Redis).toBeCloseTo(100);
  expect(cost.checkpoint).toBeCloseTo(50);
  expect(sumOf(cost)).toBeCloseTo(1_050);
});

test("medians of rounds are compared: at most 1.2 times as much", () => {
  const held = growthResults([roundOf(0.05, 0.06), roundOf(0.05, 0.06), roundOf(0.05, 0.5)], told).at(-1);
  expect(held?.targets).toMatchObject([{ most: 1.2, met: true }]);
  expect(held?.targets[0]?.figure).toBeCloseTo(1_150 / 1_050);
  const missed = growthResults([roundOf(0.05, 0.08)], told).at(-1);
  expect(missed?.targets[0]?.met).toBe(false);
});

test("a round beside busy neighbours is left out of both, unless there is no other", () => {
  const rounds = [roundOf(0.05, 0.05), roundOf(0.05, 0.5, { others: 1 })];
  expect(quietOf(rounds)).toEqual(rounds.slice(0, 1));
  expect(quietOf(rounds.slice(1))).toEqual(rounds.slice(1));
  const result = growthResults(rounds, told).at(-1);
  expect(result?.targets[0]?.met).toBe(true);
  expect(result?.doubts).toEqual(["1 of 2 rounds left out: others used the machine"]);
});

test("what one of the databases lost is missed, in whichever round", () => {
  const [, full] = growthResults([roundOf(0.05, 0.05), roundOf(0.05, 0.05, { lost: 2 })], told);
  expect(full?.targets.find(({ name }) => name === "lost, full")).toMatchObject({ figure: 2, met: false });
  expect(full?.lines).toContainEqual(["buffers", "hit ratio 99.0 %; 1 pages read per update"]);
});
