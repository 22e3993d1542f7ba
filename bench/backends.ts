// CPU of PostgreSQL by process: connections by what they are for, and the server's own.

import { readProcessMs } from "./cpu.ts";
import type { OpenStage } from "./stage.ts";

/** By pid: what the process is for, and its CPU milliseconds so far. */
export type Backends = Map<number, { what: string; ms: number }>;

export async function readBackends({ sql }: Pick<OpenStage, "sql">): Promise<Backends> {
  const rows = await sql<{ pid: number; kind: string; name: string; query: string }[]>`
    SELECT pid, backend_type AS kind, coalesce(application_name, '') AS name, coalesce(query, '') AS query FROM pg_stat_activity`;
  return new Map(
    rows.map(({ pid, kind, name, query }) => [pid, { what: wordsOf(kind, name, query), ms: readProcessMs(pid) }]),
  );
}

/** Milliseconds by what they were for, the most first. */
export function usedBetween(before: Backends, after: Backends): [what: string, milliseconds: number][] {
  const sums = new Map<string, number>();
  for (const [pid, { what, ms }] of after) {
    const used = ms - (before.get(pid)?.ms ?? 0);
    sums.set(what, (sums.get(what) ?? 0) + used);
  }
  return [...sums].toSorted(([, a], [, b]) => b - a);
}

/** A connection is known by its last statement: those of the hottest path do nothing else. */
function wordsOf(kind: string, name: string, query: string): string {
  if (kind !== "client backend") return kind;
  if (name === "bench") return "this benchmark";
  if (query.includes("nextval('inbox_id')")) return "connections for what is decided at once: keep, decide, save";
  return "other connections: outcomes of sends, profiles, sweep, lease";
}
