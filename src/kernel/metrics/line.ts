// Metrics of the line: updates kept, rows processed, effects performed, starts welcomed, what was swept.

import { Gauge } from "prom-client";
import { openCounter, openHistogram } from "./hot.ts";
import { ofAll, ofProcess } from "./registries.ts";

const registers = [ofProcess];
const shared = [ofAll];

export const lineMetrics = {
  updatesKept: openCounter({ name: "grimbots_updates_kept_total", help: "Updates committed to the inbox.", registers }),
  updatesRepeated: openCounter({
    name: "grimbots_updates_repeated_total",
    help: "Updates that had been kept before.",
    registers,
  }),
  updatesRefused: openCounter({
    name: "grimbots_updates_refused_total",
    help: "Requests at the Telegram door that were not kept, by status.",
    labelNames: ["status"],
    registers,
  }),
  rowsProcessed: openCounter({
    name: "grimbots_rows_processed_total",
    help: "Inbox rows that reached their end, by outcome.",
    labelNames: ["outcome"],
    registers,
  }),
  effects: openCounter({
    name: "grimbots_effects_total",
    help: "Effects by kind and outcome of a try.",
    labelNames: ["kind", "outcome"],
    registers,
  }),
  startsReceived: openCounter({
    name: "grimbots_starts_received_total",
    help: "Starts that are to be welcomed; taps again within five seconds, and bots without a funnel, are left out.",
    registers,
  }),
  startsWelcomed: openCounter({
    name: "grimbots_starts_welcomed_total",
    help: "Starts whose first message Telegram has.",
    registers,
  }),
  startsRefused: openCounter({
    name: "grimbots_starts_refused_total",
    help: "Starts whose first message will never arrive or may not have: the person blocked the bot, or Telegram refused or lost it.",
    labelNames: ["reason"],
    registers,
  }),
  startWelcome: openHistogram({
    name: "grimbots_start_welcome_seconds",
    help: "From a start's arrival to Telegram's answer to its first message; starts that another process took over are left out.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 15],
    registers,
  }),
  startsUnanswered: new Gauge({
    name: "grimbots_starts_unanswered",
    help: "Starts older than a minute that are neither welcomed nor given up.",
    registers: shared,
  }),
  firstSend: openHistogram({
    name: "grimbots_first_send_seconds",
    help: "From the arrival of an update to the moment its first message leaves for Telegram.",
    buckets: [0.001, 0.002, 0.003, 0.005, 0.008, 0.015, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  }),
  swept: openCounter({
    name: "grimbots_swept_total",
    help: "Rows and effects given out again by the sweep.",
    labelNames: ["what"],
    registers,
  }),
  sweeps: openHistogram({
    name: "grimbots_sweep_seconds",
    help: "Sweeps by outcome: done, failed.",
    labelNames: ["outcome"],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 5],
    registers,
  }),
  inboxUndone: new Gauge({
    name: "grimbots_inbox_undone_rows",
    help: "Inbox rows that are not done.",
    registers: shared,
  }),
  inboxOldest: new Gauge({
    name: "grimbots_inbox_oldest_seconds",
    help: "Age of the oldest inbox row that is not done; 0 when there is none.",
    registers: shared,
  }),
  effectsPending: new Gauge({
    name: "grimbots_effects_pending_rows",
    help: "Effects not finished yet.",
    registers: shared,
  }),
  effectsOldest: new Gauge({
    name: "grimbots_effects_oldest_seconds",
    help: "Age of the oldest effect that is not finished; 0 when there is none.",
    registers: shared,
  }),
  broadcastMessages: openCounter({
    name: "grimbots_broadcast_messages_total",
    help: "Messages of broadcasts by outcome: sent, refused, unknown, skipped.",
    labelNames: ["outcome"],
    registers,
  }),
  broadcastsSending: new Gauge({
    name: "grimbots_broadcasts_sending",
    help: "Broadcasts that are being sent.",
    registers: shared,
  }),
  broadcastsLeft: new Gauge({
    name: "grimbots_broadcast_messages_left",
    help: "Customers whom the broadcasts that are being sent have still to reach.",
    registers: shared,
  }),
};

/** Counts how the first message after a start ended; one that is tried again later has not ended. `arrivedMs`: performance.now() then. */
export function countWelcome({ state, reason }: { state: string; reason: string | null }, arrivedMs?: number): void {
  if (state === "pending") return;
  if (state === "done") lineMetrics.startsWelcomed.inc();
  else lineMetrics.startsRefused.inc({ reason: refusalLabel(reason ?? "") });
  if (state === "done" && arrivedMs !== undefined)
    lineMetrics.startWelcome.observe((performance.now() - arrivedMs) / 1_000);
}

/** The person does not want it, the bot may not speak, or anything else: a handful of series. */
function refusalLabel(reason: string): "person" | "bot" | "other" {
  if (/^(blocked|deactivated|forbidden)$/.test(reason)) return "person";
  return /^(bot_|token_)/.test(reason) ? "bot" : "other";
}
