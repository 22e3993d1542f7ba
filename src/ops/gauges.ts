// Metrics that are read when somebody asks, in two readings: of this process, and of what is the same whichever process is asked. A part that
// is away leaves its gauges out rather than telling a value that nobody read.

import type { Gauge } from "prom-client";
import type { App } from "../app.ts";
import { limits } from "../kernel/limits.ts";
import { metrics } from "../kernel/metrics.ts";
import { alertGauges, readAlertGauges } from "./alert-gauges.ts";
import { atMostEvery, boundedPart } from "./bounded-reading.ts";
import { lineGauges, readLineGauges } from "./line-gauges.ts";
import { paymentGauges, readPaymentGauges } from "./payment-gauges.ts";
import { readProcessGauges, readRoundTrips } from "./process-gauges.ts";
import {
  databaseGauges,
  diskGauges,
  openDatabaseReading,
  queueGauges,
  readDisk,
  readQueues,
  readRedis,
  redisGauges,
} from "./store-gauges.ts";

/** Shorter than other processes wait for this one to tell what it has. */
const OWN_MS = limits.peerMs / 2;

/** Each resolves when its gauges are at most a second old; neither rejects, nor waits longer than the bound of a part. */
export type Gauges = { readOwn(): Promise<void>; readShared(): Promise<void> };

/** `listens`: this process answers HTTP. */
export function openGauges(app: App, listens: boolean): Gauges {
  const away = (gauges: readonly Gauge<string>[], up?: Gauge<string>) => (error: unknown) => {
    for (const gauge of gauges) forget(gauge);
    up?.set(0);
    app.log.debug({ fact: "gauges.missed", err: error }, "a part is away");
  };
  const part = (read: () => Promise<void>, gauges: readonly Gauge<string>[], up?: Gauge<string>) =>
    boundedPart(read, away(gauges, up));
  const own = [
    boundedPart(() => readProcessGauges(app), away([]), OWN_MS),
    boundedPart(() => readRoundTrips(app, listens), away([metrics.databaseRoundTrip]), OWN_MS),
  ];
  const parts = [
    part(() => readQueues(app), queueGauges),
    part(() => readRedis(app), redisGauges, metrics.redisUp),
    part(openDatabaseReading(app), databaseGauges, metrics.databaseUp),
    part(() => readLineGauges(app), lineGauges),
    part(() => readPaymentGauges(app), paymentGauges),
    part(() => readAlertGauges(app), alertGauges),
    part(() => readDisk(app), diskGauges),
  ];
  return {
    readOwn: atMostEvery(limits.gaugesMs, () => Promise.all(own.map((read) => read()))),
    readShared: atMostEvery(limits.gaugesMs, () => Promise.all(parts.map((read) => read()))),
  };
}

/** Without labels a reset would leave a 0 behind. */
function forget(gauge: Gauge<string>): void {
  gauge.reset();
  gauge.remove({});
}
