// Payments, opened: what the doors, the queues and the chat may ask of them.

import type { Database } from "#db/connect.ts";
import type { RowKey } from "../inbox/line.ts";
import { createCache } from "../kernel/cache.ts";
import type { Clock } from "../kernel/clock.ts";
import type { BotId, ChargeId, NoticeId, OrderId } from "../kernel/ids.ts";
import { openGate } from "../kernel/lanes.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";
import type { Keyring } from "../kernel/secret.ts";
import { openAccounts } from "./accounts.ts";
import { openBreaker } from "./breaker.ts";
import { chargeOrder } from "./charge.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import { openCaller } from "./gateways/call.ts";
import type { RawNotice } from "./gateways/gateway.ts";
import { openNoticeStore } from "./notice-store.ts";
import { type NoticeAddress, openNotices } from "./notices.ts";
import { openReader } from "./read.ts";
import { doRefund } from "./refund.ts";
import { doRequests } from "./requests.ts";
import { type FactRow, openSaver } from "./save.ts";
import { openSettlements } from "./settlement.ts";
import { mayPay, type PreCheckout } from "./stars.ts";

/** Payment work that is due, by what it is. */
export type DuePayments = { notices: NoticeId[]; orders: OrderId[]; charges: ChargeId[]; refunds: ChargeId[] };

export type Payments = {
  context: Context;
  /** Does what people asked for in the chat; resolves with how many requests were done. */
  doRequests(rows: RowKey[]): Promise<number>;
  keepNotice(address: NoticeAddress, notice: RawNotice): Promise<void>;
  mayPay(query: PreCheckout): Promise<{ ok: true } | { ok: false; sentence: string }>;
  /** Takes what is due for this process; others find it again only after a while. */
  takeDue(): Promise<DuePayments>;
  work(due: Partial<DuePayments>): Promise<void>;
  waiting(): number;
  idle(): Promise<void>;
};

export function openPayments(options: {
  sql: Database;
  /** For keeping notices, apart from those that settle them. */
  doorSql: Database;
  clock: Clock;
  log: Log;
  keyring: Keyring;
  signal: AbortSignal;
  publicUrl: () => string | undefined;
  splitRecipients: Readonly<Record<string, string>>;
  botUrl: (botId: BotId) => Promise<string | undefined>;
  onFacts: (rows: FactRow[]) => void;
  /** Called with notices that were just kept; must not throw. */
  onNotices: (ids: NoticeId[]) => void;
}): Payments {
  const { sql, keyring, clock, log } = options;
  const context: Context = {
    ...options,
    accounts: openAccounts(sql, keyring, log),
    breaker: openBreaker(),
    caller: openCaller(),
    reader: openReader(sql),
    saver: openSaver(options),
    gate: openGate<number>(limits.asksInFlightPerAccount, limits.asksInFlight),
    makeGate: openGate<number>(limits.asksInFlightPerAccount, limits.asksInFlight),
    verified: createCache<ChargeId, number>(limits.accountsInMemory),
  };
  const notices = openNotices(context, openNoticeStore(options.doorSql, options.log, options.onNotices));
  const polls = openGate<"polls">(limits.pollsInFlight, limits.pollsInFlight);
  const settlements = openSettlements(context);

  return {
    context,
    doRequests: (rows) => doRequests(context, rows),
    keepNotice: notices.keep,
    mayPay: (query) => mayPay(context, query),
    async takeDue() {
      const now = clock.now();
      const againAt = new Date(now.getTime() + limits.paymentAgainMs);
      const due = await sql<
        { what: string; id: number }[]
      >`SELECT * FROM take_due_payments(${now}, ${againAt}, ${limits.duePayments})`;
      const ids = <Id>(what: string): Id[] => due.filter((one) => one.what === what).map(({ id }) => id as Id);
      return { notices: ids("notice"), orders: ids("order"), charges: ids("charge"), refunds: ids("refund") };
    },
    async work({ notices: told = [], orders = [], charges = [], refunds = [] }) {
      await Promise.all([
        settlements.settle(told),
        ...orders.map((id) => chargeOrder(context, id)),
        ...charges.map((id) => polls.pass("polls", () => confirm(context, id, "poll"))),
        ...refunds.map((id) => doRefund(context, id)),
      ]);
    },
    waiting: notices.waiting,
    async idle() {
      await notices.idle();
      await settlements.idle();
      await context.saver.idle();
    },
  };
}
