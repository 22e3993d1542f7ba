// Metrics of payments: gateways, charges, notices, deliveries, and the two figures that must be 0.

import { Gauge } from "prom-client";
import { openCounter, openHistogram } from "./hot.ts";
import { ofAll, ofProcess } from "./registries.ts";

const registers = [ofProcess];
const shared = [ofAll];

export const paymentMetrics = {
  chargesMade: openHistogram({
    name: "grimbots_charge_seconds",
    help: "Making a charge, by gateway and outcome.",
    labelNames: ["gateway", "outcome"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8],
    registers,
  }),
  chargeMoves: openCounter({
    name: "grimbots_charge_verdicts_total",
    help: "What reports of gateways led to, by gateway and verdict; repetitions of what is known are left out.",
    labelNames: ["gateway", "verdict"],
    registers,
  }),
  notices: openCounter({
    name: "grimbots_notices_total",
    help: "Notices of payment gateways by gateway and outcome: at the door kept or refused (its status), then how they were settled.",
    labelNames: ["gateway", "outcome"],
    registers,
  }),
  gatewayCalls: openHistogram({
    name: "grimbots_gateway_call_seconds",
    help: "Requests to payment gateways by gateway and outcome (HTTP status, or network).",
    labelNames: ["gateway", "outcome"],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8, 15],
    registers,
  }),
  deliveries: openCounter({
    name: "grimbots_deliveries_total",
    help: "Deliveries of paid orders, by how they ended: sent, failed.",
    labelNames: ["outcome"],
    registers,
  }),
  paidToDelivered: openHistogram({
    name: "grimbots_paid_to_delivered_seconds",
    help: "From an order's payment to the end of its first delivery that arrived.",
    buckets: [0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3_600],
    registers,
  }),
  undelivered: new Gauge({
    name: "grimbots_paid_orders_undelivered",
    help: "Paid orders of which something has not arrived; must be 0.",
    registers: shared,
  }),
  undeliveredOldest: new Gauge({
    name: "grimbots_paid_orders_undelivered_oldest_seconds",
    help: "Since when the first of them waits; 0 when there is none.",
    registers: shared,
  }),
  orphanNotices: new Gauge({
    name: "grimbots_notices_orphaned",
    help: "Authentic notices about charges that nobody here knows.",
    registers: shared,
  }),
  chargesOpen: new Gauge({
    name: "grimbots_charges_open",
    help: "Charges that are not at their end, by state.",
    labelNames: ["state"],
    registers: shared,
  }),
  alertsUnseen: new Gauge({
    name: "grimbots_alerts_unseen",
    help: "Alerts that no human has seen.",
    registers: shared,
  }),
  unexplained: new Gauge({
    name: "grimbots_reconciliation_unexplained_cents",
    help: "What the last reconciliations of all accounts could not explain, in cents (or Stars); must be 0.",
    registers: shared,
  }),
};
