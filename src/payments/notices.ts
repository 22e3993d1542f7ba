// The door's half of a notice: who sends it, is it authentic, keep it byte for byte. Nothing is thought about what it says.

import { RejectedError } from "../kernel/errors.ts";
import type { ChargeId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { metrics } from "../kernel/metrics.ts";
import { hashToken } from "../kernel/secret.ts";
import { within } from "../kernel/within.ts";
import type { Account, Accounts } from "./accounts.ts";
import type { Context } from "./context.ts";
import type { Gateway, RawNotice, Verdict } from "./gateways/gateway.ts";
import { findGateway } from "./gateways/index.ts";
import { readHints } from "./notice-body.ts";
import type { Keepable, NoticeStore } from "./notice-store.ts";

/** What a notice's address says. */
export type NoticeAddress = { gateway: string; accountKey: string | undefined; chargeSecret: string | undefined };

export type Notices = {
  /** Resolves once it is committed. Throws RejectedError: 404 unknown gateway, 401 forged or without proof, 503 when it cannot be kept. */
  keep(address: NoticeAddress, notice: RawNotice): Promise<void>;
  waiting(): number;
  idle(): Promise<void>;
};

export function openNotices(context: Pick<Context, "clock" | "accounts" | "log">, store: NoticeStore): Notices {
  const judging = { ...context, store };
  return {
    async keep(address, notice) {
      const gateway = findGateway(address.gateway);
      if (!gateway) throw new RejectedError(404, "There is no such gateway here.");
      const outcome = (name: string) => metrics.notices.inc({ gateway: gateway.kind, outcome: name });
      try {
        const keepable = await within(limits.acceptTimeoutMs, judge(judging, gateway, address, notice), tooLate);
        await within(limits.acceptTimeoutMs, store.keep({ ...keepable, receivedAt: context.clock.now() }), tooLate);
        outcome("kept");
      } catch (error) {
        outcome(error instanceof RejectedError ? String(error.status) : "503");
        throw error;
      }
    },
    waiting: store.waiting,
    idle: store.idle,
  };
}

const tooLate = (): Error =>
  new RejectedError(503, "The notice could not be kept; send it again.", limits.retryAfterSeconds);
const forged = (): Error => new RejectedError(401, "The notice is not authentic.");

type Judging = Pick<Context, "clock" | "accounts" | "log"> & { store: NoticeStore };

/** Whose it is, and what proves it: a signature, or the secrets in its address. */
async function judge(
  context: Judging,
  gateway: Gateway,
  address: NoticeAddress,
  notice: RawNotice,
): Promise<Omit<Keepable, "receivedAt">> {
  const account = await findAccount(context.accounts, gateway, address.accountKey);
  const verdict = verdictOf(gateway, account, notice, context.clock.now());
  if (verdict === "forged" || (verdict === "unsigned" && !account)) {
    context.log.warn(
      { fact: "notice.forged", gateway: gateway.kind, accountId: account?.id },
      "a notice was refused: it is not authentic",
    );
    throw forged();
  }
  // What is signed needs no second proof; its address is looked up as it is kept.
  const secret = address.chargeSecret;
  const chargeId = verdict === "authentic" ? null : await findAddressed(context.store, account, secret);
  await checkTokens(context, gateway, account, notice);
  const noticeHash = secret === undefined ? null : hashToken(secret);
  return { gateway, account, chargeId, noticeHash, notice, verdict };
}

/** Without an account there are no credentials: only a signature that the whole vendor shares can then prove anything. */
function verdictOf(gateway: Gateway, account: Account | undefined, notice: RawNotice, now: Date): Verdict {
  if (account) return gateway.webhook.verify(notice, account.credentials as never, now);
  try {
    return gateway.webhook.verify(notice, {} as never, now);
  } catch {
    // It missed the account's secret.
    return "forged";
  }
}

async function findAccount(
  accounts: Accounts,
  gateway: Gateway,
  key: string | undefined,
): Promise<Account | undefined> {
  if (key === undefined) return undefined;
  const account = await accounts.findByKey(hashToken(key));
  // Nothing can be said of it now. Whoever sent it sends it again, and a payment is found without it, too.
  if (account === "unusable") throw tooLate();
  if (account?.gateway.kind !== gateway.kind) throw forged();
  return account;
}

/** The charge whose own address this is; a secret that no charge of the account has proves nothing. */
async function findAddressed(
  store: NoticeStore,
  account: Account | undefined,
  secret: string | undefined,
): Promise<ChargeId | null> {
  if (secret === undefined) return null;
  const found = await store.findAddressed(hashToken(secret));
  if (!found || found.accountId !== account?.id) throw forged();
  return found.id;
}

/** Where the secret of each charge comes in the body: one that is wrong for a charge that we know is forged. */
async function checkTokens(
  { store, log }: Judging,
  gateway: Gateway,
  account: Account | undefined,
  notice: RawNotice,
): Promise<void> {
  if (account === undefined || !gateway.tokensInNotices) return;
  for (const hint of readHints(gateway, notice)) {
    if (hint.gatewayId === null) continue;
    const hash = await store.findToken(account.id, hint.gatewayId);
    if (!hash || hash.equals(hashToken(hint.token ?? ""))) continue;
    log.warn(
      { fact: "notice.forged", gateway: gateway.kind, accountId: account.id },
      "a notice was refused: its token is wrong",
    );
    throw forged();
  }
}
