// The door's half of a notice: who sends it, is it authentic, keep it byte for byte. Nothing is thought about what it says.

import { createHash } from "node:crypto";
import type { Database } from "#db/connect.ts";
import { timesOf } from "#db/values.ts";
import { type Batcher, batch } from "../kernel/batch.ts";
import { RejectedError } from "../kernel/errors.ts";
import type { AccountId, ChargeId, NoticeId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { metrics } from "../kernel/metrics.ts";
import { hashToken } from "../kernel/secret.ts";
import { within } from "../kernel/within.ts";
import type { Account, Accounts } from "./accounts.ts";
import type { Context } from "./context.ts";
import type { Gateway, RawNotice, Verdict } from "./gateways/gateway.ts";
import { findGateway } from "./gateways/index.ts";
import { readHints } from "./notice-body.ts";

/** What a notice's address says. */
export type NoticeAddress = { gateway: string; accountKey: string | undefined; chargeSecret: string | undefined };

type Keepable = {
  gateway: Gateway;
  account: Account | undefined;
  chargeId: ChargeId | null;
  notice: RawNotice;
  verdict: "authentic" | "unsigned";
  receivedAt: Date;
};

export type Notices = {
  /** Resolves once it is committed. Throws RejectedError: 404 unknown gateway, 401 forged or without proof, 503 when it cannot be kept. */
  keep(address: NoticeAddress, notice: RawNotice): Promise<void>;
  waiting(): number;
  idle(): Promise<void>;
};

/** `onKept` is called with the notices that are to be settled now; must not throw. */
export function openNotices(
  context: Pick<Context, "sql" | "clock" | "accounts" | "log">,
  onKept: (ids: NoticeId[]) => void,
): Notices {
  const { sql, clock } = context;
  const batcher: Batcher<Keepable, undefined> = batch({
    maxItems: limits.acceptBatchRows,
    maxWaiting: limits.acceptWaiting,
    spacingMs: limits.acceptSpacingMs,
    run: async (items) => {
      onKept(await insertNotices(sql, items));
      return items.map(() => undefined);
    },
  });

  return {
    async keep(address, notice) {
      const gateway = findGateway(address.gateway);
      if (!gateway) throw new RejectedError(404, "There is no such gateway here.");
      const outcome = (name: string) => metrics.notices.inc({ gateway: gateway.kind, outcome: name });
      try {
        const keepable = await within(limits.acceptTimeoutMs, judge(context, gateway, address, notice), tooLate);
        await within(limits.acceptTimeoutMs, batcher.add({ ...keepable, receivedAt: clock.now() }), tooLate);
        outcome("kept");
      } catch (error) {
        outcome(error instanceof RejectedError ? String(error.status) : "503");
        throw error;
      }
    },
    waiting: batcher.waiting,
    idle: batcher.idle,
  };
}

const tooLate = (): Error =>
  new RejectedError(503, "The notice could not be kept; send it again.", limits.retryAfterSeconds);
const forged = (): Error => new RejectedError(401, "The notice is not authentic.");

type Judging = Pick<Context, "sql" | "clock" | "accounts" | "log">;

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
  const chargeId = await findAddressed(context.sql, account, address.chargeSecret);
  await checkTokens(context, gateway, account, notice);
  return { gateway, account, chargeId, notice, verdict };
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
  if (account?.gateway.kind !== gateway.kind) throw forged();
  return account;
}

/** The charge whose own address this is; a secret that no charge of the account has proves nothing. */
async function findAddressed(
  sql: Database,
  account: Account | undefined,
  secret: string | undefined,
): Promise<ChargeId | null> {
  if (secret === undefined) return null;
  const [row] = await sql<
    { id: ChargeId; account_id: AccountId }[]
  >`SELECT id, account_id FROM charge WHERE notice_hash = ${hashToken(secret)}`;
  if (!row || row.account_id !== account?.id) throw forged();
  return row.id;
}

/** Where the secret of each charge comes in the body: one that is wrong for a charge that we know is forged. */
async function checkTokens(
  { sql, log }: Judging,
  gateway: Gateway,
  account: Account | undefined,
  notice: RawNotice,
): Promise<void> {
  if (account === undefined) return;
  for (const hint of readHints(gateway, notice)) {
    if (hint.gatewayId === null) continue;
    const [row] = await sql<{ hash: Uint8Array | null }[]>`
      SELECT notice_token_hash AS hash FROM charge WHERE account_id = ${account.id} AND gateway_id = ${hint.gatewayId}`;
    if (!row?.hash || Buffer.from(row.hash).equals(hashToken(hint.token ?? ""))) continue;
    log.warn(
      { fact: "notice.forged", gateway: gateway.kind, accountId: account.id },
      "a notice was refused: its token is wrong",
    );
    throw forged();
  }
}

/** Headers worth keeping: what was signed and with what; the rest is the network's. */
const KEPT_HEADERS = /^(content-type|event|user-agent|authorization|x-.*|asaas-access-token)$/;
const SECRET_HEADERS = /^(authorization|asaas-access-token|x-.*token.*|x-forwarded-.*|x-real-ip)$/;

/** What PostgreSQL keeps in a document: no NUL, no half surrogate pair, and no more than anybody needs. */
const keepable = (text: string): string => text.slice(0, 1_000).toWellFormed().replaceAll("\0", "");

function keptHeaders({ headers }: RawNotice): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => KEPT_HEADERS.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, SECRET_HEADERS.test(name) ? "…" : keepable(value)]));
}

const SECRET_PARAMETERS = ["hmac", "token", "secret"];
const keptQuery = ({ query }: RawNotice): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).map(([name, value]) => [
      keepable(name),
      SECRET_PARAMETERS.includes(name) ? "…" : keepable(value),
    ]),
  );

/** The same bytes are one row. Returns those that are to be settled now: new ones, and old ones that came again after a while. */
async function insertNotices(sql: Database, items: Keepable[]): Promise<NoticeId[]> {
  const named = new Map(items.map((item) => [nameOf(item), item]));
  // In one order everywhere: two processes that were told the same things must not wait for each other's rows.
  const unique = [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  const bodies = unique.map(({ notice }) => `\\x${Buffer.from(notice.body).toString("hex")}`);
  const dueAt = unique.map(({ receivedAt }) => new Date(receivedAt.getTime() + limits.paymentAgainMs));
  const rows = await sql<{ id: NoticeId; is_due: boolean }[]>`
    INSERT INTO notice (gateway, account_id, addressed_charge_id, body, body_hash, headers, query, verdict, received_at, due_at)
    SELECT gateway, account_id, charge_id, body::bytea, hash::bytea, headers::jsonb, query::jsonb, verdict, at, due_at
    FROM unnest(${unique.map(({ gateway }) => gateway.kind)}::text[], ${unique.map(({ account }) => account?.id ?? null)}::bigint[],
      ${unique.map(({ chargeId }) => chargeId)}::bigint[], ${bodies}::text[], ${unique.map(hashOf)}::text[],
      ${unique.map(({ notice }) => JSON.stringify(keptHeaders(notice)))}::text[], ${unique.map(({ notice }) => JSON.stringify(keptQuery(notice)))}::text[],
      ${unique.map(({ verdict }) => verdict)}::text[], ${timesOf(unique.map(({ receivedAt }) => receivedAt))}::timestamptz[],
      ${timesOf(dueAt)}::timestamptz[]) AS n (gateway, account_id, charge_id, body, hash, headers, query, verdict, at, due_at)
    ON CONFLICT (gateway, account_id, body_hash) DO UPDATE SET repeats = notice.repeats + 1,
      due_at = CASE WHEN notice.done_at < excluded.received_at - make_interval(secs => ${limits.noticeRepeatMs / 1_000}) THEN excluded.due_at ELSE notice.due_at END,
      done_at = CASE WHEN notice.done_at < excluded.received_at - make_interval(secs => ${limits.noticeRepeatMs / 1_000}) THEN NULL ELSE notice.done_at END
    RETURNING id, (repeats = 0 OR (due_at IS NOT NULL AND done_at IS NULL AND state <> 'new')) AS is_due`;
  return rows.filter((row) => row.is_due).map((row) => row.id);
}

const hashOf = ({ notice, chargeId }: Keepable): string =>
  `\\x${createHash("sha256").update(String(chargeId)).update("\n").update(JSON.stringify(notice.query)).update("\n").update(notice.body).digest("hex")}`;
const nameOf = (item: Keepable): string => `${item.gateway.kind}:${item.account?.id}:${hashOf(item)}`;
