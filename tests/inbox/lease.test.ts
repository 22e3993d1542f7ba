// The lease, with its clock in the hand: when a process may act, when it may judge others, and what a gap costs it.

import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { connectDatabase, type Database } from "#db/connect.ts";
import { GRACE, type Lease, openLease } from "#src/inbox/lease.ts";
import type { ProcessId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { type LogBook, openLogBook } from "../support/log-book.ts";
import { services } from "../support/services.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

let sql: Database;
let lease: Lease;
let book: LogBook;
let ms = 0;
const advance = (by: number): void => {
  ms += by;
};

beforeAll(async () => {
  sql = connectDatabase(await (await services()).createDatabase(), { connections: 4 });
});
afterAll(() => sql.end({ timeout: 1 }));
beforeEach(async () => {
  book = openLogBook();
  lease = await openLease(sql, book.log, () => ms);
});
afterEach(() => lease.close());

const isLiving = async (id: ProcessId): Promise<boolean> => {
  const living = await sql<{ id: ProcessId }[]>`SELECT living(${GRACE}::interval) AS id`;
  return living.some((row) => row.id === id);
};

test("it holds from the start for as long as it lasts, and no millisecond longer", async () => {
  expect(await isLiving(lease.id)).toBe(true);
  await lease.regain();
  // Nothing is awaited here, so nothing can be renewed meanwhile.
  const lived = [0, limits.leaseMs - 1, 1].map((step) => {
    advance(step);
    return lease.holds();
  });
  expect(lived).toEqual([true, true, false]);
});

test("it is renewed by itself: after a gap it comes back, and whoever waits for it goes on", async () => {
  advance(limits.leaseMs);
  const regained = lease.regain();
  expect(lease.holds()).toBe(false);
  await regained;
  expect(lease.holds()).toBe(true);
});

test("others are judged only after a while without a gap, and a gap begins it anew", async () => {
  const judged = (): boolean => {
    const before = lease.mayJudge();
    advance(limits.judgeAfterMs + 1);
    return !before && lease.mayJudge();
  };
  expect(judged()).toBe(true);
  advance(limits.leaseMs);
  expect(lease.mayJudge()).toBe(false);
  await lease.regain();
  expect(judged()).toBe(true);
});

test("a renewal that hung longer than the lease renews nothing", async () => {
  const blocked = Promise.withResolvers<void>();
  const blocker = sql.begin(async (tx) => {
    await tx`SELECT 1 FROM process WHERE id = ${lease.id} FOR UPDATE`;
    await blocked.promise;
  });
  await until("the renewal waits for the row", async () => {
    const [row] =
      await sql`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return row;
  });
  advance(limits.leaseMs);
  const before = ms;
  let regainedMs = 0;
  const regained = lease.regain().then(() => {
    regainedMs = ms;
    expect(lease.holds()).toBe(true);
  });
  // By the hanging renewal's end its time is over; the one after it counts from now.
  blocked.resolve();
  await Promise.all([blocker, regained]);
  expect(regainedMs).toBe(before);
});

test("a row that was cleared away comes back under the same id", async () => {
  await sql`DELETE FROM process WHERE id = ${lease.id}`;
  expect(await isLiving(lease.id)).toBe(false);
  await until("it lives again", () => isLiving(lease.id));
});

test("a process that was silent for longer than its lease and one beat is dead to the others", async () => {
  const [silent, late] = await sql<{ id: ProcessId }[]>`
    INSERT INTO process (beat_at) VALUES (clock_timestamp() - interval '1 minute'), (clock_timestamp()) RETURNING id`;
  expect(silent && (await isLiving(silent.id))).toBe(false);
  expect(late && (await isLiving(late.id))).toBe(true);
});

test("closed, it is gone at once, and whoever waits for it is told", async () => {
  const other = await openLease(sql, book.log, () => ms);
  advance(limits.leaseMs);
  const waiting = other.regain().then(
    () => "regained",
    (error: Error) => error.message,
  );
  await other.close();
  expect(await isLiving(other.id)).toBe(false);
  expect(await waiting).toBe("the process ends");
});

test("while PostgreSQL is away it says so, and does not believe in itself", async () => {
  const away = connectDatabase(await (await services()).createDatabase(), { connections: 1 });
  const other = await openLease(away, book.log, () => ms);
  await away.end({ timeout: 0 });
  await until("a renewal failed", () => book.facts("lease.missed").length > 0);
  advance(limits.leaseMs);
  expect(other.holds()).toBe(false);
  expect(book.text()).not.toContain("grimbots:");
  await expect(other.close()).rejects.toThrow();
});
