// Can this process do its work? Database, schema, Redis and its policy, and somebody alive behind every queue.

import { fits, readSchema, schemaVersion } from "#db/migrate.ts";
import { queueList } from "#queues/index.ts";
import type { App } from "../app.ts";
import { reasonOf } from "../kernel/errors.ts";
import { shareReading } from "./bounded-reading.ts";
import { readRedisMemory } from "./redis-memory.ts";

export type Part = { ok: boolean; detail: string };
export type Readiness = { ready: boolean; parts: Record<string, Part> };

const CHECK_MS = 2_000;

/** Strangers ask, too: one reading holds so long for all who ask … */
const READY_MS = 1_000;
/** … and not that long while something is missing, because somebody waits for it to be there. */
const NOT_READY_MS = 200;

/** One reading for all who ask at a time. */
export const openReadiness = (app: App): (() => Promise<Readiness>) =>
  shareReading(
    () => checkReady(app),
    ({ ready }) => (ready ? READY_MS : NOT_READY_MS),
  );

async function checkReady(app: App): Promise<Readiness> {
  const checks: Record<string, () => Promise<Part>> = {
    database: () => checkDatabase(app),
    lease: async () => ({ ok: app.lease.holds(), detail: app.lease.holds() ? "in force" : "lost; sends wait" }),
    redis: () => checkRedis(app),
    ...Object.fromEntries(queueList.map(({ name }) => [`queue_${name}`, () => checkQueue(app, name)])),
  };
  const parts = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await within(check)] as const),
  );
  return { ready: parts.every(([, part]) => part.ok), parts: Object.fromEntries(parts) };
}

async function checkDatabase({ sql }: App): Promise<Part> {
  const schema = await readSchema(sql);
  return { ok: fits(schema), detail: `schema ${schema.version}, this program needs ${schemaVersion}` };
}

/** A policy that Redis does not tell is doctor's matter, not a reason to be taken out. */
async function checkRedis({ redis }: App): Promise<Part> {
  const { policy } = await readRedisMemory(redis);
  const ok = policy === undefined || policy === "noeviction";
  return { ok, detail: `maxmemory-policy ${policy ?? "not known"}` };
}

async function checkQueue({ queues }: App, name: (typeof queueList)[number]["name"]): Promise<Part> {
  const workers = await queues[name].workers();
  return { ok: workers > 0, detail: `${workers} workers` };
}

/** A check that throws or hangs is a part that is not ready; what it says never holds an address with a password. */
async function within(check: () => Promise<Part>): Promise<Part> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Part>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: "no answer" }), CHECK_MS);
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return { ok: false, detail: reasonOf(error).slice(0, 100) };
  } finally {
    clearTimeout(timer);
  }
}
