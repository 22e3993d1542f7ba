// The control: what tests, the demo and benchmarks do to the sandbox, and what they ask it. The same in-process and over HTTP
// (control-routes.ts, control-client.ts).

import { RejectedError } from "../kernel/errors.ts";
import { cents } from "../kernel/money.ts";
import { type Charge, type ChargeView, viewOf } from "./charge.ts";
import { settleExpiry } from "./charges.ts";
import type * as shapes from "./control-shapes.ts";
import { become, chargeback, endUnpaid, pay, refund } from "./lifecycle.ts";
import { noTotals, type Totals } from "./merchant.ts";
import { forgedNotice, newNoticeId, type SentNotice } from "./notice.ts";
import type { DeliverySettings, NoticeCounts, NoticeRecord } from "./notices.ts";
import type { Attempt } from "./post-notice.ts";
import { resetWorld, type World } from "./state.ts";

export type SandboxStats = { notices: NoticeCounts; charges: number; merchants: number; cpuMs: number; rss: number };

/** Inputs are described in control-shapes.ts, amounts are cents. A refused input rejects with a RejectedError. */
export type SandboxControl = {
  merchant(input?: shapes.MerchantInput): Promise<{ token: string; noticeSecret: string }>;
  /** Answers with the settings as they are now. */
  settings(input?: shapes.SettingsInput): Promise<DeliverySettings>;
  pay(input: shapes.PayInput): Promise<ChargeView>;
  /** Pays every waiting charge, of one merchant or of all. */
  payAll(input?: shapes.PayAllInput): Promise<{ paid: number }>;
  expire(input: shapes.ChargeKeyInput): Promise<ChargeView>;
  fail(input: shapes.ChargeKeyInput): Promise<ChargeView>;
  refund(input: shapes.RefundInput): Promise<ChargeView>;
  chargeback(input: shapes.ChargeKeyInput): Promise<ChargeView>;
  word(input: shapes.WordInput): Promise<ChargeView>;
  fault(input: shapes.FaultInput): Promise<{ id: string }>;
  /** Without an id all faults. */
  clearFault(id?: string): Promise<void>;
  /** Sends a notice that is not to be believed, once, and tells what the receiver answered. */
  forge(input: shapes.ForgeInput): Promise<{ sent: SentNotice; answer: Attempt }>;
  charges(query?: shapes.ChargesInput): Promise<ChargeView[]>;
  notices(query?: shapes.NoticesInput): Promise<NoticeRecord[]>;
  /** Answers `idle` true once no notice is under way, false after `timeout_ms` (10,000). */
  idle(query?: { timeout_ms?: number }): Promise<{ idle: boolean }>;
  /** Of one merchant, or of all together; counts go on for charges that are no longer kept. */
  totals(query?: { token?: string }): Promise<Totals>;
  stats(): Promise<SandboxStats>;
  /** Forgets everything but the port and the settings. */
  reset(): Promise<void>;
};

const CHARGES_LIMIT = 1_000;
const IDLE_MS = 10_000;

export function createControl(world: World): SandboxControl {
  const change = async (key: shapes.ChargeKeyInput, run: (charge: Charge) => void): Promise<ChargeView> => {
    const charge = needCharge(world, key);
    run(charge);
    return viewOf(charge);
  };
  return {
    merchant: async (input = {}) => {
      const { token, noticeSecret } = world.merchants.put(input);
      return { token, noticeSecret };
    },
    settings: async (input = {}) => ({ ...Object.assign(world.delivery, input) }),
    pay: (input) => change(input, (charge) => payTimes(world, charge, input)),
    payAll: async ({ token } = {}) => ({ paid: payAll(world, token) }),
    expire: (input) => change(input, (charge) => endUnpaid(world, charge, "expired")),
    fail: (input) => change(input, (charge) => endUnpaid(world, charge, "failed")),
    refund: (input) => change(input, (charge) => refund(world, charge, newNoticeId(), optionalCents(input.amount))),
    chargeback: (input) => change(input, (charge) => chargeback(world, charge)),
    word: (input) => change(input, (charge) => become(world, charge, input.word)),
    fault: async (input) => ({ id: world.faults.add(input) }),
    clearFault: async (id) => world.faults.remove(id),
    forge: (input) => forge(world, input),
    charges: async (query = {}) => listCharges(world, query),
    notices: async (query = {}) => world.notices.find(query),
    idle: async ({ timeout_ms: timeoutMs = IDLE_MS } = {}) => ({ idle: await world.notices.idle(timeoutMs) }),
    totals: async ({ token } = {}) => totalsOf(world, token),
    stats: async () => statsOf(world),
    reset: async () => resetWorld(world),
  };
}

const optionalCents = (amount: number | undefined) => (amount === undefined ? undefined : cents(amount));

function needCharge(world: World, { id, reference, token }: shapes.ChargeKeyInput): Charge {
  if (id === undefined && reference === undefined) throw new RejectedError(400, "Name the charge by id or reference.");
  const charge = id === undefined ? byReference(world, reference ?? "", token) : world.charges.byId(id);
  if (!charge) throw new RejectedError(404, `No charge "${id ?? reference}" here.`);
  return settleExpiry(charge);
}

function byReference({ merchants }: World, reference: string, token: string | undefined): Charge | undefined {
  if (token !== undefined) return merchants.byToken.get(token)?.byReference.get(reference);
  for (const merchant of merchants.byToken.values()) {
    const charge = merchant.byReference.get(reference);
    if (charge) return charge;
  }
  return undefined;
}

function payTimes(world: World, charge: Charge, { amount, times = 1 }: shapes.PayInput): void {
  for (let nth = 0; nth < times; nth++) pay(world, charge, optionalCents(amount));
}

function payAll(world: World, token: string | undefined): number {
  let paid = 0;
  for (const charge of world.charges.all()) {
    if (charge.status !== "waiting" || (token ?? charge.merchant.token) !== charge.merchant.token) continue;
    pay(world, charge);
    paid += 1;
  }
  return paid;
}

async function forge(world: World, input: shapes.ForgeInput): Promise<{ sent: SentNotice; answer: Attempt }> {
  const charge = needCharge(world, input);
  if (charge.noticeUrl === null) throw new RejectedError(409, "The charge has no notice address.");
  const sent = forgedNotice(charge, input.wrong, input.age_seconds);
  return { sent, answer: await world.notices.sendOnce(charge.noticeUrl, sent) };
}

function listCharges(world: World, { token, status, limit = CHARGES_LIMIT }: shapes.ChargesInput): ChargeView[] {
  const found: Charge[] = [];
  for (const charge of world.charges.all()) {
    if ((token ?? charge.merchant.token) !== charge.merchant.token) continue;
    if ((status ?? charge.status) === charge.status) found.push(charge);
  }
  return found.slice(-limit).map(viewOf);
}

function totalsOf({ merchants }: World, token: string | undefined): Totals {
  const one = token === undefined ? undefined : merchants.byToken.get(token);
  if (token !== undefined && !one) throw new RejectedError(404, "No merchant has this token.");
  if (one) return { ...one.totals };
  const sum = noTotals();
  const names = Object.keys(sum) as (keyof Totals)[];
  for (const { totals } of merchants.byToken.values()) for (const name of names) sum[name] += totals[name];
  return sum;
}

function statsOf(world: World): SandboxStats {
  const { user, system } = process.cpuUsage();
  return {
    notices: world.notices.counts(),
    charges: world.charges.size,
    merchants: world.merchants.byToken.size,
    cpuMs: (user + system) / 1_000,
    rss: process.memoryUsage.rss(),
  };
}
