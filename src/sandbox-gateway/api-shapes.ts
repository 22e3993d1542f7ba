// What the API takes, as a merchant sends it. Amounts in cents.

import { type Static, Type } from "@sinclair/typebox";
import { cents } from "../kernel/money.ts";
import type { ChargeRequest } from "./charge.ts";
import { AMOUNT_MAX } from "./control-shapes.ts";

const amount = Type.Integer({ minimum: 1, maximum: AMOUNT_MAX });
const shortText = Type.Union([Type.String({ maxLength: 200 }), Type.Null()]);

/** `expires_in`: seconds, up to a week. `split`: the part that goes to somebody else once the charge is paid. */
export const ChargeBody = Type.Object({
  reference: Type.String({ minLength: 1, maxLength: 64 }),
  amount,
  currency: Type.Optional(Type.Literal("BRL")),
  description: Type.String({ maxLength: 200 }),
  expires_in: Type.Integer({ minimum: 1, maximum: 604_800 }),
  notice_url: Type.Optional(Type.Union([Type.String({ pattern: "^https?://", maxLength: 2_000 }), Type.Null()])),
  payer: Type.Optional(
    Type.Union([
      Type.Object({
        name: Type.Optional(shortText),
        cpf: Type.Optional(shortText),
        email: Type.Optional(shortText),
      }),
      Type.Null(),
    ]),
  ),
  split: Type.Optional(
    Type.Union([Type.Object({ recipient: Type.String({ minLength: 1, maxLength: 200 }), amount }), Type.Null()]),
  ),
});

/** `key`: the same one is the same refund. `amount`: all that is left, if absent. */
export const RefundBody = Type.Object({
  key: Type.String({ minLength: 1, maxLength: 64 }),
  amount: Type.Optional(amount),
});

export type ChargeBody = Static<typeof ChargeBody>;
export type RefundBody = Static<typeof RefundBody>;

export function toChargeRequest(body: ChargeBody): ChargeRequest {
  const { payer, split } = body;
  return {
    reference: body.reference,
    amount: cents(body.amount),
    description: body.description,
    expiresInSeconds: body.expires_in,
    noticeUrl: body.notice_url ?? null,
    payer: payer ? { name: payer.name ?? null, cpf: payer.cpf ?? null, email: payer.email ?? null } : null,
    split: split ? { recipient: split.recipient, amount: cents(split.amount) } : null,
  };
}
