// Carries what this process has counted since the last time into the tally of all processes, a statement every few seconds: nothing is added
// to the way of a request.

import type { Database } from "#db/connect.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Histogram } from "../kernel/metrics/hot.ts";
import { metrics } from "../kernel/metrics.ts";

export type Tallying = {
  /** Writes what is new. What cannot be written is written the next time. */
  write(): Promise<void>;
};

/** "what subject" → how often so far. */
type Counts = Map<string, number>;

export async function openTallying({ sql, clock }: { sql: Database; clock: Clock }): Promise<Tallying> {
  let written = await readCounts();
  return {
    async write() {
      const counts = await readCounts();
      const news = [...counts]
        .map(([name, count]) => ({ name, more: count - (written.get(name) ?? 0) }))
        .filter(({ more }) => more > 0)
        // In one order everywhere: two processes never wait for each other in a ring.
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      if (news.length > 0) await add(sql, news, clock.now());
      written = counts;
    },
  };
}

async function add(sql: Database, news: { name: string; more: number }[], now: Date): Promise<void> {
  const [what, subject] = [0, 1].map((part) => news.map(({ name }) => name.split(" ")[part] ?? ""));
  await sql`
    INSERT INTO tally AS t (minute, what, subject, count)
    SELECT date_trunc('minute', ${now}::timestamptz), what, subject, more
    FROM unnest(${what ?? []}::text[], ${subject ?? []}::text[], ${news.map(({ more }) => more)}::int[]) AS n (what, subject, more)
    ON CONFLICT (minute, what, subject) DO UPDATE SET count = t.count + excluded.count`;
}

async function readCounts(): Promise<Counts> {
  const counts: Counts = new Map();
  const add = (what: string, gateway: unknown, count: number): void => {
    const name = `${what} ${gateway}`;
    counts.set(name, (counts.get(name) ?? 0) + count);
  };
  for (const { labels, value } of (await metrics.notices.get()).values)
    if (labels.outcome === "401") add("notice_refused", labels.gateway, value);
  for (const { gateway, outcome, count } of await countsOf(metrics.gatewayCalls)) {
    add("call", gateway, count);
    if (isGatewaysFault(outcome)) add("call_failed", gateway, count);
  }
  for (const { gateway, outcome, count } of await countsOf(metrics.chargesMade)) {
    add("charge", gateway, count);
    if (outcome !== "made") add("charge_failed", gateway, count);
  }
  return counts;
}

/** What a gateway refuses (4xx) is as a rule ours or the customer's to mend. */
const isGatewaysFault = (outcome: string): boolean => /^(network|5\d\d|408|429)$/.test(outcome);

async function countsOf(
  histogram: Histogram<"gateway" | "outcome">,
): Promise<{ gateway: string; outcome: string; count: number }[]> {
  const { values } = await histogram.get();
  return values.flatMap(({ labels, metricName, value }) =>
    metricName?.endsWith("_count")
      ? [{ gateway: String(labels.gateway), outcome: String(labels.outcome), count: value }]
      : [],
  );
}
