// What /metrics answers: the series of every process of this machine, each with the process' name as a label, and what all of them share.
//
// They are not summed up: a process that starts anew begins its counters with 0, and in a sum that looks like an increase. Prometheus sums.

import { type Metric, Registry } from "prom-client";
import { queueList } from "#queues/index.ts";
import type { App } from "../app.ts";
import type { Sample, Told as ToldMetric } from "../kernel/metrics/hot.ts";
import { ofAll, ofProcess } from "../kernel/metrics/registries.ts";
import { metrics } from "../kernel/metrics.ts";
import { openGauges } from "./gauges.ts";
import { answerPeers, askPeers, peersOf, self } from "./peers.ts";

export type Scrape = {
  /** The exposition of all processes, in Prometheus' text format. Never rejects for a part that is away. */
  text(): Promise<string>;
  contentType: string;
  /** Tells the other processes of this machine what this one counts, under a name that begins with its role. */
  join(workers: readonly string[]): Promise<{ close(): void }>;
};

/** One process' part; `process` undefined: it has not joined the others. */
type Part = { process: string | undefined; metrics: readonly ToldMetric[] };

/** `listens`: this process answers HTTP. */
export function openScrape(app: App, listens = true): Scrape {
  const gauges = openGauges(app, listens);
  const { databaseUrl = "postgres://none" } = app.config;
  const peers = peersOf(databaseUrl);

  async function tellOwn(): Promise<readonly ToldMetric[]> {
    await gauges.readOwn();
    return (await ofProcess.getMetricsAsJSON()) as unknown as ToldMetric[];
  }

  async function readParts(): Promise<Part[]> {
    const { told, silent } = await askPeers(peers);
    metrics.processesSilent.set(silent);
    const parts = told.map(({ process, content }) => ({ process, metrics: metricsIn(content) }));
    if (told.some((one) => one.self === self)) return parts;
    return [{ process: undefined, metrics: await tellOwn() }, ...parts];
  }

  return {
    contentType: ofAll.contentType,
    async text() {
      const [parts] = await Promise.all([readParts(), gauges.readShared()]);
      return `${await write(parts)}\n${await ofAll.metrics()}`;
    },
    async join(workers) {
      metrics.processInfo.reset();
      metrics.processInfo.set({ workers: workers.join(",") }, 1);
      const joined = await answerPeers(peers, roleOf(workers), tellOwn);
      if (!joined) app.log.warn({ fact: "metrics.alone" }, "the other processes cannot ask this one for its metrics");
      return joined ?? { close: () => undefined };
    },
  };
}

function roleOf(workers: readonly string[]): string {
  if (workers.length === 0) return "http";
  if (workers.length === 1) return workers[0] ?? "";
  return workers.length === queueList.length ? "all" : "workers";
}

function write(parts: readonly Part[]): Promise<string> {
  const written = new Registry();
  for (const { name, help, type } of ofProcess.getMetricsAsArray() as unknown as ToldMetric[]) {
    const values = parts.flatMap(({ process, metrics: some }) =>
      (some.find((one) => one.name === name)?.values ?? []).map((sample) => withProcess(sample, process)),
    );
    const one = { name, get: async () => ({ name, help, type, values }) };
    written.registerMetric(one as unknown as Metric<string>);
  }
  return written.metrics();
}

const withProcess = (sample: Sample, process: string | undefined): Sample =>
  process === undefined ? sample : { ...sample, labels: { ...sample.labels, process } };

/** What came over a socket, as far as it has the form of metrics; another version's, or a stranger's, adds no name of its own. */
function metricsIn(content: unknown): ToldMetric[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((one: Partial<ToldMetric> | null) => {
    if (typeof one?.name !== "string" || !Array.isArray(one.values)) return [];
    const values = one.values.filter(isSample);
    return [{ name: one.name, help: "", type: "", values }];
  });
}

function isSample(value: unknown): value is Sample {
  const { value: counted, labels, metricName = "" } = (value ?? {}) as Record<string, unknown>;
  if (typeof counted !== "number" || typeof labels !== "object" || labels === null) return false;
  return (
    typeof metricName === "string" &&
    /^[a-z_]*$/.test(metricName) &&
    Object.entries(labels).every(([name, of]) => isLabel(name, of))
  );
}

const isLabel = (name: string, value: unknown): boolean =>
  /^[a-z_]+$/.test(name) && (typeof value === "number" || (typeof value === "string" && value.length <= 200));
