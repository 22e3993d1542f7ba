// Updates whose INSERT broke off: the commit may have happened, and then their rows name this process as their owner without its
// knowing. They are set free as soon as PostgreSQL answers, and the sweep gives them out; the sender's repeat of them is no news then.

import type { Database } from "#db/connect.ts";
import type { Clock } from "../kernel/clock.ts";
import { reasonOf } from "../kernel/errors.ts";
import type { ProcessId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";
import type { Arrival, RowKey } from "./line.ts";

type Key = Pick<Arrival, "botId" | "updateId">;

export type Uncertain = { add(arrivals: Key[]): void; close(): void };

/** Failures that come before the statement was sent, or that roll it back; after any other one the commit is open. */
const NOT_COMMITTED = /^(ECONNREFUSED|ENOENT|CONNECT_TIMEOUT)$|^(22|23|40|42|53|55|57P03)/;

export function mayHaveCommitted(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code !== "string" || !NOT_COMMITTED.test(code);
}

export function openUncertain(options: {
  sql: Database;
  owner: ProcessId;
  clock: Clock;
  log: Log;
  /** Takes the effects of rows that were not only kept but done: they name this process, too. */
  adopt: (rows: RowKey[]) => Promise<void>;
}): Uncertain {
  const { sql, owner, clock, log, adopt } = options;
  let watched: { key: Key; untilMs: number }[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** A statement whose client is gone may commit as late as its timeout allows, so each key is looked for until then. */
  async function look(): Promise<void> {
    const lookedMs = performance.now();
    try {
      const keys = watched.map(({ key }) => key);
      const freed = await setFree(keys);
      const done = await findDone(keys);
      if (done.length > 0) await adopt(done);
      if (freed > 0)
        log.warn({ fact: "inbox.recovered", rows: freed }, "rows were committed although their INSERT broke off");
      watched = watched.filter(({ untilMs }) => untilMs > lookedMs);
    } catch (error) {
      log.debug({ fact: "inbox.uncertain", reason: reasonOf(error) }, "PostgreSQL is still away");
    }
    timer = watched.length > 0 ? setTimeout(look, limits.sweepMs) : undefined;
  }

  async function setFree(keys: Key[]): Promise<number> {
    const result = await sql`
      WITH key AS MATERIALIZED (
        SELECT slot.slot, k.bot_id, k.update_id
        FROM slot, unnest(${keys.map((key) => key.botId)}::bigint[], ${keys.map((key) => key.updateId)}::bigint[]) AS k (bot_id, update_id))
      UPDATE inbox SET owner = NULL, due_at = ${clock.now()} FROM key
      WHERE inbox.slot = key.slot AND inbox.bot_id = key.bot_id AND inbox.update_id = key.update_id
        AND inbox.owner = ${owner} AND inbox.done_at IS NULL`;
    return result.count;
  }

  function findDone(keys: Key[]): Promise<RowKey[]> {
    return sql<RowKey[]>`
      SELECT row.slot, row.id FROM slot
      CROSS JOIN unnest(${keys.map((key) => key.botId)}::bigint[], ${keys.map((key) => key.updateId)}::bigint[]) AS k (bot_id, update_id)
      CROSS JOIN LATERAL (
        SELECT inbox.slot, id FROM inbox
        WHERE inbox.slot = slot.slot AND inbox.bot_id = k.bot_id AND inbox.update_id = k.update_id AND done_at IS NOT NULL LIMIT 1) AS row`;
  }

  return {
    add(arrivals) {
      const untilMs = performance.now() + limits.uncertainMs;
      watched.push(...arrivals.map(({ botId, updateId }) => ({ key: { botId, updateId }, untilMs })));
      // Beyond the bound the oldest are given up; they come back when this process ends.
      watched = watched.slice(-limits.uncertainRows);
      timer ??= setTimeout(look, limits.heartbeatMs);
    },
    close: () => clearTimeout(timer),
  };
}
