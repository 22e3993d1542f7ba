// The shape of an order's dossier: everything that is known of one sale, in order of time. It is what the API answers with and what
// `grimbots trace --json` prints.

import { type Static, type TSchema, Type } from "@sinclair/typebox";

/** ISO 8601 in UTC, with milliseconds. */
const Time = Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" });
const Id = Type.Integer({ minimum: 1 });
/** Cents of the real, or whole Stars where the currency is XTR. */
const Amount = Type.Integer();
const Currency = Type.Union([Type.Literal("BRL"), Type.Literal("XTR")]);
const orNull = <Shape extends TSchema>(shape: Shape) => Type.Union([shape, Type.Null()]);
const event = <Kind extends string, Fields extends Record<string, TSchema>>(kind: Kind, fields: Fields) =>
  Type.Object({ kind: Type.Literal(kind), at: Time, ...fields }, { additionalProperties: false });

/** A body that is no UTF-8 comes in base64. Digits of CPF and CNPJ, and secrets, are covered. */
export const body = {
  encoding: Type.Union([Type.Literal("text"), Type.Literal("base64")]),
  body: Type.String(),
};

/** The ad that was tapped, by the payload of its link. */
const Click = event("click", { payload: Type.String() });
/** The last /start that was answered. */
const Start = event("start", {});
/**
 * A message of the chat. Its time is ours while the row that told it is there, else Telegram's, in whole seconds. `latencyMs`: from the
 * decision to Telegram's answer; null for what the customer wrote, and when the row that told it is gone (after 48 to 96 hours).
 * `messageId` null: Telegram did not take it, `state` and `why` say more.
 */
const Message = event("message", {
  messageId: orNull(Type.Integer()),
  direction: Type.Union([Type.Literal("in"), Type.Literal("out")]),
  what: Type.String(),
  text: orNull(Type.String()),
  latencyMs: orNull(Type.Integer()),
  state: Type.String(),
  why: orNull(Type.String()),
});
/** A try at a gateway; what became of it stands in `state` and `why`, how it came to that in the evidence. */
const Charge = event("charge", {
  chargeId: Id,
  accountId: Id,
  gateway: Type.String(),
  reference: Type.String(),
  gatewayId: orNull(Type.String()),
  state: Type.String(),
  why: orNull(Type.String()),
  currency: Currency,
  amount: Amount,
  paidAmount: Amount,
  refundedAmount: Amount,
  fee: orNull(Amount),
  endToEndId: orNull(Type.String()),
  isDouble: Type.Boolean(),
  expiresAt: Time,
  paidAt: orNull(Time),
});
/** What a gateway told us, as it arrived. `repeats`: how often the same bytes came again. */
const Notice = event("notice", {
  noticeId: Id,
  gateway: Type.String(),
  verdict: Type.String(),
  state: Type.String(),
  why: orNull(Type.String()),
  repeats: Type.Integer(),
  ...body,
});
/** What was found out when the gateway was asked, and what it did. `source`: who made us ask. */
const Evidence = event("evidence", {
  chargeId: Id,
  source: Type.String(),
  verdict: Type.String(),
  from: Type.String(),
  to: Type.String(),
  report: Type.Unknown(),
});
/** A movement in the books. */
const Transfer = event("transfer", {
  chargeId: Id,
  movement: Type.String(),
  debit: Type.String(),
  credit: Type.String(),
  amount: Amount,
  currency: Currency,
});
/** What was owed for an item of the paid order; at the time when it was sent, or else when it came to be owed. */
const Delivery = event("delivery", {
  deliveryId: Id,
  item: Type.Integer(),
  state: Type.String(),
  why: orNull(Type.String()),
  messageId: orNull(Type.Integer()),
  times: Type.Integer(),
  createdAt: Time,
  sentAt: orNull(Time),
  expiresAt: Time,
});
/** The first opening of a delivery's page. */
const Opened = event("opened", { deliveryId: Id });

export const TraceEvent = Type.Union([
  ...[Click, Start, Message, Charge, Notice, Evidence, Transfer, Delivery, Opened],
] as const);

export const Trace = Type.Object(
  {
    order: Type.Object({
      id: Id,
      tenantId: Id,
      botId: Id,
      bot: Type.String(),
      chatId: Type.Integer(),
      state: Type.String(),
      product: Type.String(),
      openedAt: Time,
      paidAt: orNull(Time),
    }),
    events: Type.Array(TraceEvent),
  },
  { additionalProperties: false },
);

export type TraceEvent = Static<typeof TraceEvent>;
export type Trace = Static<typeof Trace>;
/** The kinds in the order in which they follow each other when they happen in the same millisecond. */
export const kindsInOrder: readonly TraceEvent["kind"][] = [
  ...(["click", "start", "message", "charge", "notice", "evidence", "transfer", "delivery", "opened"] as const),
];
