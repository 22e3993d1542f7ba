// What is kept of a notice, and how: its bytes as they came, once; and the look-ups that say whose it is, gathered so that a burst costs
// few statements.

import { createHash } from "node:crypto";
import type { Database } from "#db/connect.ts";
import { timesOf } from "#db/values.ts";
import { type Batcher, batch } from "../kernel/batch.ts";
import { reasonOf } from "../kernel/errors.ts";
import type { AccountId, ChargeId, NoticeId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";
import type { Account } from "./accounts.ts";
import type { Gateway, RawNotice } from "./gateways/gateway.ts";

export type Keepable = {
  gateway: Gateway;
  account: Account | undefined;
  /** The charge whose own address it came to, where that was looked up as a proof … */
  chargeId: ChargeId | null;
  /** … and the hash of the secret in that address. */
  noticeHash: Buffer | null;
  notice: RawNotice;
  verdict: "authentic" | "unsigned";
  receivedAt: Date;
};

export type NoticeStore = {
  /** Resolves once it is committed, or was before. */
  keep(notice: Keepable): Promise<void>;
  /** The charge whose own address ends with the secret of this hash. */
  findAddressed(hash: Buffer): Promise<{ id: ChargeId; accountId: AccountId } | undefined>;
  /** The hash of the token that this charge's notices must carry; undefined = we know no such charge, or it has none. */
  findToken(accountId: AccountId, gatewayId: string): Promise<Buffer | undefined>;
  waiting(): number;
  idle(): Promise<void>;
};

/** `sql`: connections of the door's own, for settling must not be in the way of keeping. `onKept` must not throw. */
export function openNoticeStore(sql: Database, log: Log, onKept: (ids: NoticeId[]) => void): NoticeStore {
  const repeater = batch<Keepable, undefined>({
    maxItems: limits.markBatchRows,
    maxWaiting: limits.acceptWaiting,
    spacingMs: limits.noticeCountSpacingMs,
    run: async (items) => {
      const due = await countRepeats(sql, items);
      if (due.length > 0) onKept(due);
      return items.map(() => undefined);
    },
  });
  const keeper: Batcher<Keepable, undefined> = batch({
    maxItems: limits.acceptBatchRows,
    maxWaiting: limits.acceptWaiting,
    spacingMs: limits.acceptSpacingMs,
    run: async (items) => {
      const { kept, repeated } = await insertNotices(sql, items);
      if (kept.length > 0) onKept(kept);
      // What was kept before is safe; that it came again is a note, and nobody waits for it.
      for (const item of repeated)
        repeater
          .add(item)
          .catch((error) =>
            log.warn({ fact: "notice.uncounted", reason: reasonOf(error) }, "a repeated notice was not counted"),
          );
      return items.map(() => undefined);
    },
  });
  const addressed = batch<Buffer, { id: ChargeId; accountId: AccountId } | undefined>({
    maxItems: limits.acceptBatchRows,
    run: (hashes) => readAddressed(sql, hashes),
  });
  const tokens = batch<{ accountId: AccountId; gatewayId: string }, Buffer | undefined>({
    maxItems: limits.acceptBatchRows,
    run: (keys) => readTokens(sql, keys),
  });

  return {
    keep: keeper.add,
    findAddressed: addressed.add,
    findToken: (accountId, gatewayId) => tokens.add({ accountId, gatewayId }),
    waiting: () => keeper.waiting() + repeater.waiting(),
    async idle() {
      await keeper.idle();
      await repeater.idle();
    },
  };
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

/** The same bytes are one row: the first of them is kept, in the order of their names, so that two batches never wait for each other in a ring. */
async function insertNotices(sql: Database, items: Keepable[]): Promise<{ kept: NoticeId[]; repeated: Keepable[] }> {
  const first = new Map<string, Keepable>();
  const repeated: Keepable[] = [];
  for (const item of items) {
    const name = nameOf(item);
    if (first.has(name)) repeated.push(item);
    else first.set(name, item);
  }
  const unique = [...first].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  const bodies = unique.map(({ notice }) => hex(Buffer.from(notice.body)));
  const dueAt = unique.map(({ receivedAt }) => new Date(receivedAt.getTime() + limits.paymentAgainMs));
  const rows = await sql<{ id: NoticeId; gateway: string; account_id: AccountId | null; body_hash: Uint8Array }[]>`
    INSERT INTO notice (gateway, account_id, addressed_charge_id, body, body_hash, headers, query, verdict, received_at, due_at)
    SELECT gateway, account_id,
      coalesce(charge_id, (SELECT id FROM charge WHERE charge.notice_hash = n.notice_hash::bytea AND charge.account_id = n.account_id)), body::bytea, hash::bytea, headers::jsonb, query::jsonb, verdict, at, due_at
    FROM unnest(${unique.map(({ gateway }) => gateway.kind)}::text[], ${unique.map(({ account }) => account?.id ?? null)}::bigint[],
      ${unique.map(({ chargeId }) => chargeId)}::bigint[],
      ${unique.map(({ noticeHash }) => noticeHash && hex(noticeHash))}::text[], ${bodies}::text[], ${unique.map((item) => hex(hashOf(item)))}::text[],
      ${unique.map(({ notice }) => JSON.stringify(keptHeaders(notice)))}::text[], ${unique.map(({ notice }) => JSON.stringify(keptQuery(notice)))}::text[],
      ${unique.map(({ verdict }) => verdict)}::text[], ${timesOf(unique.map(({ receivedAt }) => receivedAt))}::timestamptz[],
      ${timesOf(dueAt)}::timestamptz[]) AS n (gateway, account_id, charge_id, notice_hash, body, hash, headers, query, verdict, at, due_at)
    ON CONFLICT DO NOTHING RETURNING id, gateway, account_id, body_hash`;
  const kept = new Set(
    rows.map((row) => `${row.gateway}:${row.account_id ?? undefined}:${hex(Buffer.from(row.body_hash))}`),
  );
  return {
    kept: rows.map(({ id }) => id),
    repeated: [...repeated, ...unique.filter((item) => !kept.has(nameOf(item)))],
  };
}

/** Counts what came again. What came again after a while is news: it is to be settled once more, and returned. */
async function countRepeats(sql: Database, items: Keepable[]): Promise<NoticeId[]> {
  const grouped = [...Map.groupBy(items, nameOf).values()];
  const last = grouped.flatMap((same) => same.at(-1) ?? []);
  const rows = await sql<{ id: NoticeId; is_news: boolean }[]>`
    WITH repeated AS MATERIALIZED (
      SELECT notice.id, r.times, r.at,
        notice.done_at < r.at - make_interval(secs => ${limits.noticeRepeatMs / 1_000}) OR (notice.state = 'orphan' AND notice.due_at IS NOT NULL) AS is_news
      FROM unnest(${last.map(({ gateway }) => gateway.kind)}::text[], ${last.map(({ account }) => account?.id ?? null)}::bigint[],
        ${last.map((item) => hex(hashOf(item)))}::text[], ${grouped.map((same) => same.length)}::int[],
        ${timesOf(last.map(({ receivedAt }) => receivedAt))}::timestamptz[]) AS r (gateway, account_id, hash, times, at)
      JOIN notice ON notice.gateway = r.gateway AND notice.account_id IS NOT DISTINCT FROM r.account_id AND notice.body_hash = r.hash::bytea
      ORDER BY notice.id FOR NO KEY UPDATE OF notice)
    UPDATE notice SET repeats = notice.repeats + repeated.times,
      due_at = CASE WHEN is_news THEN repeated.at + make_interval(secs => ${limits.paymentAgainMs / 1_000}) ELSE due_at END,
      done_at = CASE WHEN is_news THEN NULL ELSE done_at END
    FROM repeated WHERE notice.id = repeated.id
    RETURNING notice.id, coalesce(is_news, false) AS is_news`;
  return rows.filter((row) => row.is_news).map(({ id }) => id);
}

async function readAddressed(
  sql: Database,
  hashes: Buffer[],
): Promise<({ id: ChargeId; accountId: AccountId } | undefined)[]> {
  const names = hashes.map(hex);
  const rows = await sql<{ name: string; id: ChargeId; account_id: AccountId }[]>`
    SELECT key.name, charge.id, charge.account_id FROM unnest(${names}::text[]) AS key (name)
    JOIN charge ON charge.notice_hash = key.name::bytea`;
  const found = new Map(rows.map(({ name, id, account_id }) => [name, { id, accountId: account_id }]));
  return names.map((name) => found.get(name));
}

async function readTokens(
  sql: Database,
  keys: { accountId: AccountId; gatewayId: string }[],
): Promise<(Buffer | undefined)[]> {
  const rows = await sql<{ account_id: AccountId; gateway_id: string; hash: Uint8Array | null }[]>`
    SELECT charge.account_id, charge.gateway_id, charge.notice_token_hash AS hash
    FROM unnest(${keys.map((key) => key.accountId)}::bigint[], ${keys.map((key) => key.gatewayId)}::text[]) AS key (account_id, gateway_id)
    JOIN charge ON charge.account_id = key.account_id AND charge.gateway_id = key.gateway_id`;
  const found = new Map(rows.map((row) => [`${row.account_id}:${row.gateway_id}`, row.hash]));
  return keys.map(({ accountId, gatewayId }) => {
    const hash = found.get(`${accountId}:${gatewayId}`);
    return hash ? Buffer.from(hash) : undefined;
  });
}

const hex = (bytes: Buffer): string => `\\x${bytes.toString("hex")}`;

/** The same bytes at another address, or with another query, are another notice. */
function hashOf({ notice, noticeHash }: Keepable): Buffer {
  const about = `${noticeHash && hex(noticeHash)}\n${JSON.stringify(notice.query)}\n`;
  return createHash("sha256").update(about).update(notice.body).digest();
}

const nameOf = (item: Keepable): string => `${item.gateway.kind}:${item.account?.id}:${hex(hashOf(item))}`;
