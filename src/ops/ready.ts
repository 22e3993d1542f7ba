// Can this process do its work? Database, schema, Redis and its policy, and somebody alive behind every queue.

import { readSchemaVersion, schemaVersion } from "#db/migrate.ts";
import { queueList } from "#queues/index.ts";
import type { App } from "../app.ts";
import { reasonOf } from "../kernel/errors.ts";

export type Part = { ok: boolean; detail: string };
export type Readiness = { ready: boolean; parts: Record<string, Part> };

const CHECK_MS = 2_000;

export async function checkReady(app: App): Promise<Readiness> {
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
  const version = await readSchemaVersion(sql);
  return { ok: version === schemaVersion, detail: `schema ${version}, this program needs ${schemaVersion}` };
}

async function checkRedis({ redis }: App): Promise<Part> {
  const [, policy = "unknown"] = (await redis.config("GET", "maxmemory-policy")) as string[];
  return { ok: policy === "noeviction", detail: `maxmemory-policy ${policy}` };
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
