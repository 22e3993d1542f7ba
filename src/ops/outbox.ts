// Sends what is to be said, to each address until it has it: kept in PostgreSQL, or in memory while that is away.

import type { Database } from "#db/connect.ts";
import type { Clock } from "../kernel/clock.ts";
import { reasonOf } from "../kernel/errors.ts";
import { type Log, redactTokens } from "../kernel/log.ts";
import { within } from "../kernel/within.ts";
import type { Note } from "./notification.ts";

/** An address of the operator's. `name` is stable and holds no secret; `send` throws when it was not delivered. */
export type Destination = { name: string; send(note: Note): Promise<void> };

export type Outbox = {
  /** For while PostgreSQL is away; the oldest give way to the newest. */
  keepInMemory(notes: readonly { destination: string; note: Note }[]): void;
  /** Tries all that is due; what is kept in PostgreSQL only while that is there. Never throws. */
  sendDue(isDatabaseThere: boolean): Promise<void>;
};

/** Sent so many at a time, all within this; whoever takes them anew after a crash waits as long. */
const AT_ONCE = 20;
const SEND_MS = 20_000;
const TAKEN_MS = 60_000;
const KEPT_MS = 30_000;
const AGAIN_FIRST_MS = 30_000;
const AGAIN_MOST_MS = 15 * 60_000;
/** What could not be said for a day is no news any more. */
const GIVEN_UP_MS = 24 * 60 * 60_000;
const MOST_IN_MEMORY = 50;

type Pending = { id: number | null; destination: string; note: Note; attempts: number; dueAt: Date; createdAt: Date };
/** dueAt null = it is over with it. */
type Ended = { dueAt: Date | null; error: string | null };

export function openOutbox(options: {
  sql: Database;
  clock: Clock;
  log: Log;
  destinations: readonly Destination[];
}): Outbox {
  const { sql, clock, log, destinations } = options;
  let inMemory: Pending[] = [];

  async function trySend(pending: Pending): Promise<Ended> {
    const destination = destinations.find(({ name }) => name === pending.destination);
    if (!destination) return { dueAt: null, error: "not among the addresses that are set" };
    try {
      await within(SEND_MS, destination.send(pending.note), () => new Error("no answer"));
      return { dueAt: null, error: null };
    } catch (error) {
      return failed(pending, redactTokens(reasonOf(error)).slice(0, 200));
    }
  }

  function failed({ destination, attempts, createdAt }: Pending, reason: string): Ended {
    const nowMs = clock.now().getTime();
    const givenUp = nowMs - createdAt.getTime() > GIVEN_UP_MS;
    log.error(
      { fact: givenUp ? "alert.given_up" : "alert.untold", destination, attempts, reason },
      "the operator could not be told",
    );
    const pauseMs = Math.min(AGAIN_FIRST_MS * 2 ** (attempts - 1), AGAIN_MOST_MS);
    return { dueAt: givenUp ? null : new Date(nowMs + pauseMs), error: reason };
  }

  async function sendKept(): Promise<void> {
    const taken = await takeDue(sql, clock.now());
    await Promise.all(taken.map(async (one) => endKept(sql, one, await trySend(one), clock.now())));
  }

  async function sendRemembered(): Promise<void> {
    const now = clock.now();
    const due = inMemory.filter(({ dueAt }) => dueAt <= now);
    const ended = await Promise.all(
      due.map(async (one) => {
        const tried = { ...one, attempts: one.attempts + 1 };
        const { dueAt } = await trySend(tried);
        return dueAt ? [{ ...tried, dueAt }] : [];
      }),
    );
    inMemory = [...inMemory.filter((one) => !due.includes(one)), ...ended.flat()];
  }

  return {
    keepInMemory(notes) {
      const now = clock.now();
      const more = notes.map((one): Pending => ({ id: null, ...one, attempts: 0, dueAt: now, createdAt: now }));
      inMemory = [...inMemory, ...more].slice(-MOST_IN_MEMORY);
    },
    async sendDue(isDatabaseThere) {
      await sendRemembered();
      if (!isDatabaseThere) return;
      await within(KEPT_MS, sendKept(), () => new Error("no answer")).catch((error) =>
        log.debug({ fact: "alert.outbox", reason: reasonOf(error) }, "kept notifications wait for PostgreSQL"),
      );
    },
  };
}

type Row = {
  id: number;
  destination: string;
  subject: string;
  text: string;
  buttons: Note["buttons"];
  attempts: number;
  created_at: Date;
};

async function takeDue(sql: Database, now: Date): Promise<Pending[]> {
  const rows = await sql<Row[]>`
    WITH due AS MATERIALIZED (
      SELECT id FROM notification WHERE due_at <= ${now} ORDER BY due_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)
    UPDATE notification AS n SET attempts = attempts + 1, due_at = ${new Date(now.getTime() + TAKEN_MS)}
    FROM due WHERE n.id = due.id RETURNING n.id, destination, subject, text, buttons, attempts, created_at`;
  return rows.map(({ id, destination, subject, text, buttons, attempts, created_at: createdAt }) => ({
    ...{ id, destination, attempts, createdAt, dueAt: now },
    note: { subject, text, buttons },
  }));
}

async function endKept(sql: Database, { id }: Pending, { dueAt, error }: Ended, now: Date): Promise<void> {
  await sql`
    UPDATE notification SET due_at = ${dueAt}, error = ${error}, sent_at = ${error === null ? now : null} WHERE id = ${id}`;
}

/** What was not delivered at its first try and is tried again, or was given up within the last day; the latest first. */
export async function listUntold(
  sql: Database,
  most: number,
): Promise<{ destination: string; subject: string; error: string; dueAt: Date | null }[]> {
  return sql`
    SELECT destination, subject, error, due_at AS "dueAt" FROM notification
    WHERE error IS NOT NULL AND created_at > now() - interval '2 days' ORDER BY id DESC LIMIT ${most}`;
}
