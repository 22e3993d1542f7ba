// An order's dossier as an operator reads it in a terminal: one line per event.

import { cents } from "../kernel/money.ts";
import { amountText } from "./say.ts";
import type { Trace, TraceEvent } from "./trace-shape.ts";

const LONGEST = 100;

/** Plain text; whatever came from outside is cut, and can neither break a line nor command the terminal. */
export function traceText({ order, events }: Trace): string {
  const head = `Order ${order.id} of tenant ${order.tenantId} in @${order.bot}, chat ${order.chatId}: ${oneLine(order.product)}, ${order.state}`;
  return [head, ...events.map((event) => `${clock(event.at)}  ${event.kind.padEnd(8)}  ${sayEvent(event)}`)].join("\n");
}

const clock = (at: string): string => at.replace("T", " ").replace("Z", "");

const oneLine = (text: string): string => {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST).toWellFormed()}…` : plain;
};
const quoted = (text: string | null): string => (text === null ? "" : ` “${oneLine(text)}”`);
const because = (why: string | null): string => (why === null ? "" : ` (${oneLine(why)})`);
const money = (amount: number, currency: string): string => amountText(cents(amount), currency);

function sayEvent(event: TraceEvent): string {
  switch (event.kind) {
    case "click":
      return `payload${quoted(event.payload)}`;
    case "start":
      return "answered /start";
    case "message":
      return sayMessage(event);
    case "charge":
      return sayCharge(event);
    case "notice":
      return `${event.noticeId} from ${event.gateway}, ${event.verdict}, ${event.state}${because(event.why)}, repeated ${event.repeats}×${quoted(event.body)}`;
    case "evidence":
      return `charge ${event.chargeId}: ${event.from} → ${event.to}, ${event.verdict}, by ${event.source}${quoted(reportText(event.report))}`;
    case "transfer":
      return `charge ${event.chargeId}: ${event.movement} ${money(event.amount, event.currency)}, ${event.debit} ← ${event.credit}`;
    case "delivery":
      return `${event.deliveryId} of item ${event.item}: ${event.state}${because(event.why)}, ${event.times}×${event.messageId === null ? "" : `, message ${event.messageId}`}`;
    case "opened":
      return `the page of delivery ${event.deliveryId}`;
  }
}

function sayMessage(event: Extract<TraceEvent, { kind: "message" }>): string {
  const number = event.messageId === null ? event.state : String(event.messageId);
  const took = event.latencyMs === null ? "" : ` in ${event.latencyMs} ms`;
  return `${event.direction} ${number} ${event.what}${took}${because(event.why)}${quoted(event.text)}`;
}

function sayCharge(event: Extract<TraceEvent, { kind: "charge" }>): string {
  const { chargeId, gateway, reference, gatewayId, state, amount, paidAmount, refundedAmount, currency } = event;
  const paid = paidAmount === 0 ? "" : `, paid ${money(paidAmount, currency)}`;
  const back = refundedAmount === 0 ? "" : `, given back ${money(refundedAmount, currency)}`;
  const twice = event.isDouble ? ", a second payment" : "";
  const ids = `reference ${reference}, ${gatewayId === null ? "no id there" : `id there ${oneLine(gatewayId)}`}`;
  return `${chargeId} of ${money(amount, currency)} at ${gateway}: ${state}${because(event.why)}${paid}${back}${twice}; ${ids}`;
}

const reportText = (report: unknown): string | null =>
  report === null || report === undefined ? null : JSON.stringify(report);
