// A merchant: who may call the API, what its payments cost, and what goes wrong with its notices.

import { createHash, randomBytes } from "node:crypto";
import { RejectedError } from "../kernel/errors.ts";
import type { Charge } from "./charge.ts";
import type { MerchantInput } from "./control-shapes.ts";
import { seededRandom } from "./random.ts";

/** Amounts in cents, before fees. `fees`: what the gateway kept. */
export type Totals = {
  charges: number;
  payments: number;
  paid: number;
  refunds: number;
  refunded: number;
  chargebacks: number;
  disputed: number;
  fees: number;
  split: number;
};

export type Merchant = {
  token: string;
  noticeSecret: string;
  feeBasisPoints: number;
  autoPay: NonNullable<MerchantInput["auto_pay"]> | undefined;
  noticeFaults: NonNullable<MerchantInput["notice_faults"]>;
  /** Decides about this merchant's notices, whatever the others do. */
  random: () => number;
  /** The sandbox's clock, in milliseconds since 1970. */
  nowMs: () => number;
  byReference: Map<string, Charge>;
  totals: Totals;
};

/** 0.99 %. */
const FEE_BASIS_POINTS = 99;
/** Merchants are never forgotten, so there is an end to them. */
const MERCHANTS_MAX = 100_000;

export type Merchants = {
  byToken: Map<string, Merchant>;
  /** Makes one, or changes the one of that token. Throws RejectedError (409) when there are too many. */
  put(input: MerchantInput): Merchant;
  clear(): void;
};

/** `seed`: with it and its number, a merchant's chances are the same in every run. */
export function createMerchants(seed: number, nowMs: () => number): Merchants {
  const byToken = new Map<string, Merchant>();
  return {
    byToken,
    put(input) {
      const token = input.token ?? `sandbox_${randomBytes(16).toString("hex")}`;
      const known = byToken.get(token);
      if (!known && byToken.size >= MERCHANTS_MAX) throw new RejectedError(409, "There are too many merchants.");
      const merchant = known ?? newMerchant(token, seed + byToken.size * 7_919, nowMs);
      byToken.set(token, merchant);
      if (input.noticeSecret !== undefined) merchant.noticeSecret = input.noticeSecret;
      if (input.fee_basis_points !== undefined) merchant.feeBasisPoints = input.fee_basis_points;
      if (input.auto_pay !== undefined) merchant.autoPay = input.auto_pay ?? undefined;
      if (input.notice_faults !== undefined) merchant.noticeFaults = input.notice_faults ?? {};
      return merchant;
    },
    clear: () => byToken.clear(),
  };
}

function newMerchant(token: string, seed: number, nowMs: () => number): Merchant {
  return {
    token,
    noticeSecret: createHash("sha256").update(`notices of ${token}`).digest("hex"),
    feeBasisPoints: FEE_BASIS_POINTS,
    autoPay: undefined,
    noticeFaults: {},
    random: seededRandom(seed),
    nowMs,
    byReference: new Map(),
    totals: noTotals(),
  };
}

export function noTotals(): Totals {
  return {
    ...{ charges: 0, payments: 0, paid: 0, refunds: 0, refunded: 0 },
    ...{ chargebacks: 0, disputed: 0, fees: 0, split: 0 },
  };
}
