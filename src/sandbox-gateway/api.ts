// The vendor's API: what each address does for the merchant whose token comes with the request.

import { RejectedError } from "../kernel/errors.ts";
import { cents } from "../kernel/money.ts";
import { checkInput } from "../kernel/read-input.ts";
import { ChargeBody, RefundBody, toChargeRequest } from "./api-shapes.ts";
import { type Charge, type ChargeRequest, type ChargeView, viewOf } from "./charge.ts";
import { settleExpiry } from "./charges.ts";
import { autoPay, refund } from "./lifecycle.ts";
import type { Merchant } from "./merchant.ts";
import type { World } from "./state.ts";
import type { StatementPage } from "./statement.ts";

/** `view`: the charge inside the body, for a fault to change. */
export type ApiResult = { status: number; body: object; view?: ChargeView };

/** Throws RejectedError where the request is at fault. */
export type ApiCall = (world: World, merchant: Merchant, input: ApiInput) => ApiResult;
/** `body`: the parsed JSON of a POST. `id`: of the charge in the path. */
export type ApiInput = { body: unknown; query: URLSearchParams; id: string };

/** The same reference is the same charge: 200 instead of 201, and 409 for another amount. */
export const makeCharge: ApiCall = (world, merchant, { body }) => {
  const request = toChargeRequest(checkInput(ChargeBody, body));
  if (request.split && request.split.amount > request.amount)
    throw new RejectedError(400, "split: more than the charge's amount.");
  const known = merchant.byReference.get(request.reference);
  if (known) return repeated(known, request);
  const charge = world.charges.make(merchant, request);
  autoPay(world, charge);
  return whole(201, charge);
};

function repeated(charge: Charge, request: ChargeRequest): ApiResult {
  if (charge.amount !== request.amount)
    throw new RejectedError(409, "Another amount was asked for under this reference.");
  return whole(200, settleExpiry(charge));
}

function whole(status: number, charge: Charge): ApiResult {
  const view = viewOf(charge);
  return { status, body: view, view };
}

export const showCharge: ApiCall = (world, merchant, { id }) => whole(200, needOwn(world, merchant, id));

/** `{ data: [] }`, or with the one charge. */
export const findCharge: ApiCall = (_world, merchant, { query }) => {
  const reference = query.get("reference");
  if (!reference) throw new RejectedError(400, "reference is missing.");
  const charge = merchant.byReference.get(reference);
  if (!charge) return { status: 200, body: { data: [] } };
  const view = viewOf(settleExpiry(charge));
  return { status: 200, body: { data: [view] }, view };
};

export const refundCharge: ApiCall = (world, merchant, { id, body }) => {
  const { key, amount } = checkInput(RefundBody, body);
  const charge = needOwn(world, merchant, id);
  const made = refund(world, charge, key, amount === undefined ? undefined : cents(amount));
  const view = viewOf(charge);
  return { status: 200, body: { ...made, charge: view }, view };
};

/** `from` (inclusive) and `to` (exclusive) in ISO 8601; `page` from 1. */
export const showStatement: ApiCall = (world, merchant, { query }) => {
  const [fromMs, toMs] = [Date.parse(query.get("from") ?? ""), Date.parse(query.get("to") ?? "")];
  const page = Number(query.get("page") ?? 1);
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) throw new RejectedError(400, "from and to are times in ISO 8601.");
  if (!Number.isSafeInteger(page) || page < 1) throw new RejectedError(400, "page is a number from 1.");
  const body: StatementPage = world.statement.page(merchant, fromMs, toMs, page);
  return { status: 200, body };
};

export const showMe: ApiCall = (_world, { feeBasisPoints, totals }) => {
  return { status: 200, body: { name: "Sandbox", fee_basis_points: feeBasisPoints, totals } };
};

/** Another merchant's charge does not exist, as far as this one is told. */
function needOwn(world: World, merchant: Merchant, id: string): Charge {
  const charge = world.charges.byId(id);
  if (charge?.merchant !== merchant) throw new RejectedError(404, "There is no such charge.");
  return settleExpiry(charge);
}
