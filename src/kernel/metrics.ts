// Every metric, by Prometheus' conventions: base units, bounded labels (never the id of a bot, a chat or a tenant).

import { Counter, Gauge, Histogram, Registry } from "prom-client";

export const registry = new Registry();
const registers = [registry];

export const metrics = {
  updatesKept: new Counter({ name: "grimbots_updates_kept_total", help: "Updates committed to the inbox.", registers }),
  updatesRepeated: new Counter({
    name: "grimbots_updates_repeated_total",
    help: "Updates that had been kept before.",
    registers,
  }),
  updatesRefused: new Counter({
    name: "grimbots_updates_refused_total",
    help: "Requests at the Telegram door that were not kept, by status.",
    labelNames: ["status"],
    registers,
  }),
  rowsProcessed: new Counter({
    name: "grimbots_rows_processed_total",
    help: "Inbox rows that reached their end, by outcome.",
    labelNames: ["outcome"],
    registers,
  }),
  effects: new Counter({
    name: "grimbots_effects_total",
    help: "Effects by kind and outcome of a try.",
    labelNames: ["kind", "outcome"],
    registers,
  }),
  courtesies: new Counter({
    name: "grimbots_button_answers_total",
    help: "Tapped buttons answered, by outcome.",
    labelNames: ["outcome"],
    registers,
  }),
  firstSend: new Histogram({
    name: "grimbots_first_send_seconds",
    help: "From the arrival of an update to the moment its first message leaves for Telegram.",
    buckets: [0.001, 0.002, 0.003, 0.005, 0.008, 0.015, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  }),
  telegramCalls: new Histogram({
    name: "grimbots_telegram_call_seconds",
    help: "Calls to the Bot API by outcome.",
    labelNames: ["outcome"],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    registers,
  }),
  chargesMade: new Histogram({
    name: "grimbots_charge_seconds",
    help: "Making a charge, by gateway and outcome.",
    labelNames: ["gateway", "outcome"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8],
    registers,
  }),
  chargeMoves: new Counter({
    name: "grimbots_charge_verdicts_total",
    help: "What reports of gateways led to, by gateway and verdict; repetitions of what is known are left out.",
    labelNames: ["gateway", "verdict"],
    registers,
  }),
  notices: new Counter({
    name: "grimbots_notices_total",
    help: "Notices of payment gateways at the door, by gateway and outcome.",
    labelNames: ["gateway", "outcome"],
    registers,
  }),
  deliveries: new Counter({
    name: "grimbots_deliveries_total",
    help: "Deliveries of paid orders, by how they ended: sent, failed.",
    labelNames: ["outcome"],
    registers,
  }),
  broadcastMessages: new Counter({
    name: "grimbots_broadcast_messages_total",
    help: "Messages of broadcasts by outcome: sent, refused, unknown, skipped.",
    labelNames: ["outcome"],
    registers,
  }),
  undelivered: new Gauge({
    name: "grimbots_paid_orders_undelivered",
    help: "Paid orders of which something has not arrived; must be 0.",
    registers,
  }),
  orphanNotices: new Gauge({
    name: "grimbots_notices_orphaned",
    help: "Authentic notices about charges that nobody here knows.",
    registers,
  }),
  chargesOpen: new Gauge({
    name: "grimbots_charges_open",
    help: "Charges that are not at their end, by state.",
    labelNames: ["state"],
    registers,
  }),
  alertsUnseen: new Gauge({ name: "grimbots_alerts_unseen", help: "Alerts that no human has seen.", registers }),
  unexplained: new Gauge({
    name: "grimbots_reconciliation_unexplained_cents",
    help: "What the last reconciliations of all accounts could not explain, in cents (or Stars); must be 0.",
    registers,
  }),
  gatewayCalls: new Histogram({
    name: "grimbots_gateway_call_seconds",
    help: "Requests to payment gateways by gateway and outcome (HTTP status, or network).",
    labelNames: ["gateway", "outcome"],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8, 15],
    registers,
  }),
  swept: new Counter({
    name: "grimbots_swept_total",
    help: "Rows and effects given out again by the sweep.",
    labelNames: ["what"],
    registers,
  }),
  queueDepth: new Gauge({
    name: "grimbots_queue_jobs",
    help: "Jobs by queue and state.",
    labelNames: ["queue", "state"],
    registers,
  }),
  queueOldest: new Gauge({
    name: "grimbots_queue_oldest_seconds",
    help: "Age of the oldest waiting job.",
    labelNames: ["queue"],
    registers,
  }),
  inboxUndone: new Gauge({
    name: "grimbots_inbox_undone_rows",
    help: "Inbox rows that wait, and the age of the oldest.",
    labelNames: ["measure"],
    registers,
  }),
  effectsPending: new Gauge({ name: "grimbots_effects_pending_rows", help: "Effects not finished yet.", registers }),
  databaseConnections: new Gauge({
    name: "grimbots_database_connections",
    help: "PostgreSQL connections of this program on the server, by state.",
    labelNames: ["state"],
    registers,
  }),
  inMemory: new Gauge({
    name: "grimbots_waiting_in_memory",
    help: "Items waiting in this process, by place.",
    labelNames: ["place"],
    registers,
  }),
  eventLoopLag: new Gauge({
    name: "grimbots_event_loop_lag_seconds",
    help: "Event loop delay over the last scrape interval.",
    labelNames: ["quantile"],
    registers,
  }),
  residentBytes: new Gauge({
    name: "grimbots_resident_memory_bytes",
    help: "Resident memory of this process.",
    registers,
  }),
  botsRevoked: new Gauge({
    name: "grimbots_bots_token_revoked",
    help: "Bots whose token Telegram no longer takes.",
    registers,
  }),
};
