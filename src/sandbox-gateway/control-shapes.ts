// What the control takes: one schema gives the type and the check of each input. Amounts in cents, ratios in [0, 1].

import { type Static, Type } from "@sinclair/typebox";

/** The greatest amount of a charge: a thousand million reais. */
export const AMOUNT_MAX = 100_000_000_000;

const ratio = Type.Number({ minimum: 0, maximum: 1 });
const ms = Type.Number({ minimum: 0, maximum: 86_400_000 });
/** Times 10,000 basis points still a safe integer. */
const amount = Type.Integer({ minimum: 1, maximum: AMOUNT_MAX });
const times = Type.Integer({ minimum: 1, maximum: 1_000_000 });
const nullable = <Shape extends Parameters<typeof Type.Optional>[0]>(shape: Shape) => Type.Union([shape, Type.Null()]);

/** Ratios of the notices that are never sent, are sent twice, wait for `delay_min_ms` to `delay_max_ms` first, or are followed by an
 *  older one about the same charge. */
export const NoticeFaults = Type.Object(
  {
    lose: Type.Optional(ratio),
    double: Type.Optional(ratio),
    delay: Type.Optional(ratio),
    delay_min_ms: Type.Optional(ms),
    delay_max_ms: Type.Optional(ms),
    out_of_order: Type.Optional(ratio),
  },
  { additionalProperties: false },
);

/** Without a token a new one is made; with a known one that merchant is changed. `auto_pay`: a charge is paid by itself `after_ms` (at
 *  most `max_ms`) after it was made; `ratio` of them (1). null takes either back. */
export const MerchantInput = Type.Object(
  {
    token: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    noticeSecret: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    fee_basis_points: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
    auto_pay: Type.Optional(
      nullable(Type.Object({ after_ms: ms, max_ms: Type.Optional(ms), ratio: Type.Optional(ratio) })),
    ),
    notice_faults: Type.Optional(nullable(NoticeFaults)),
  },
  { additionalProperties: false },
);

/** How notices are delivered. `retry_ms`: the pause after the first try, doubled after each, at most 64-fold. */
export const SettingsInput = Type.Object(
  {
    retry_ms: Type.Optional(ms),
    tries: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    timeout_ms: Type.Optional(Type.Number({ minimum: 1, maximum: 600_000 })),
    in_flight: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  },
  { additionalProperties: false },
);

/** Which charge: its id, or its reference (with the merchant's token where two merchants may have used the same). */
const which = {
  id: Type.Optional(Type.String()),
  reference: Type.Optional(Type.String()),
  token: Type.Optional(Type.String()),
};
export const ChargeKeyInput = Type.Object(which);

/** `amount`: instead of the charge's own; `times`: the customer pays it so often, each a payment of its own. */
export const PayInput = Type.Object({
  ...which,
  amount: Type.Optional(amount),
  times: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
});
export const PayAllInput = Type.Object({ token: Type.Optional(Type.String()) });
/** `amount`: all that is left, if absent. */
export const RefundInput = Type.Object({ ...which, amount: Type.Optional(amount) });
/** The charge's status becomes any word. */
export const WordInput = Type.Object({ ...which, word: Type.String({ minLength: 1 }) });

/** What is wrong with a forged notice, which says that the charge was paid. unsigned: no signature. signature: made with a secret of
 *  nobody. merchant: with another merchant's secret. replayed: right, but `age_seconds` (3,600) old. body: right, of another body. */
export const ForgeInput = Type.Object({
  ...which,
  wrong: Type.Union(
    (["unsigned", "signature", "merchant", "replayed", "body"] as const).map((wrong) => Type.Literal(wrong)),
  ),
  age_seconds: Type.Optional(Type.Integer({ minimum: 0 })),
});

const FAULT_KINDS = [
  "latency",
  "hang",
  "html",
  "error_inside",
  "status",
  "other_amount",
  "other_id",
  "lost_answer",
  "strange_word",
] as const;

/**
 * Absent `route` and `token` match all; absent `times` = until cleared; of those that match, every `every`-th is struck, or each with a
 * `probability`. latency: `ms` before the answer leaves, beside another fault. hang: no answer for `ms` (absent: for ever). html: 200 with
 * a page. error_inside: 200 with { error }. status: `status` (500) with `body`. other_amount (100 more), other_id: of the charge in the answer.
 * lost_answer: the connection is closed. strange_word: the charge's status in the answer is `word`.
 * `done`: whether what was asked is done all the same; absent = not for html, error_inside and status, done for the others.
 */
export const FaultInput = Type.Object(
  {
    kind: Type.Union(FAULT_KINDS.map((kind) => Type.Literal(kind))),
    route: Type.Optional(
      Type.Union((["charge", "status", "refund", "statement", "me"] as const).map((route) => Type.Literal(route))),
    ),
    token: Type.Optional(Type.String()),
    ms: Type.Optional(ms),
    status: Type.Optional(Type.Integer({ minimum: 200, maximum: 599 })),
    body: Type.Optional(Type.Unknown()),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    word: Type.Optional(Type.String()),
    done: Type.Optional(Type.Boolean()),
    times: Type.Optional(times),
    every: Type.Optional(times),
    probability: Type.Optional(ratio),
  },
  { additionalProperties: false },
);

const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 }));
/** The newest `limit` (1,000) that match, oldest first. */
export const ChargesInput = Type.Object({
  token: Type.Optional(Type.String()),
  status: Type.Optional(Type.String()),
  limit,
});
export const NoticesInput = Type.Object({
  token: Type.Optional(Type.String()),
  reference: Type.Optional(Type.String()),
  charge_id: Type.Optional(Type.String()),
  state: Type.Optional(Type.String()),
  limit,
});

export type NoticeFaults = Static<typeof NoticeFaults>;
export type MerchantInput = Static<typeof MerchantInput>;
export type SettingsInput = Static<typeof SettingsInput>;
export type ChargeKeyInput = Static<typeof ChargeKeyInput>;
export type PayInput = Static<typeof PayInput>;
export type PayAllInput = Static<typeof PayAllInput>;
export type RefundInput = Static<typeof RefundInput>;
export type WordInput = Static<typeof WordInput>;
export type ForgeInput = Static<typeof ForgeInput>;
export type FaultInput = Static<typeof FaultInput>;
export type ChargesInput = Static<typeof ChargesInput>;
export type NoticesInput = Static<typeof NoticesInput>;
