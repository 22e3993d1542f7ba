// PostgreSQL as it is when it cannot keep an update: the inbox is locked, and what waits for it can be made to fail.

import { until } from "./until.ts";
import type { World } from "./world.ts";

export type HeldInbox = {
  /** Resolves once somebody waits to insert. */
  isWaitedFor(): Promise<void>;
  /** Makes those who wait to insert fail, now. */
  cancelWaiting(): Promise<void>;
  release(): Promise<void>;
};

/** Locks the world's inbox until released; nothing can be read from it or written to it meanwhile. */
export async function holdInbox({ sql }: Pick<World, "sql">): Promise<HeldInbox> {
  const held = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holding = sql.begin(async (tx) => {
    await tx`LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE`;
    locked.resolve();
    await held.promise;
  });
  await Promise.race([locked.promise, holding]);
  const waiting = () =>
    sql<{ pid: number }[]>`
      SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND (query LIKE '%INSERT INTO inbox%' OR query LIKE '%decided AS MATERIALIZED%')`;
  const isWaitedFor = async () =>
    void (await until("an insert waits for the inbox", async () => (await waiting()).length > 0));
  return {
    isWaitedFor,
    async cancelWaiting() {
      await isWaitedFor();
      for (const { pid } of await waiting()) await sql`SELECT pg_cancel_backend(${pid})`;
    },
    async release() {
      held.resolve();
      await holding;
    },
  };
}
