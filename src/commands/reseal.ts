// Opens every sealed value and seals it again with the newest key, while everything runs: a page at a time, and each value only if it is
// still the one that was opened. Whoever is stopped begins anew and finds done what is done.

import type { Database } from "#db/connect.ts";
import { PermanentError } from "../kernel/errors.ts";
import { type Keyring, keyIdOf } from "../kernel/secret.ts";
import { type SealedColumn, sealedColumns } from "./sealed.ts";

export type Resealed = {
  /** As `table.column`. */
  column: string;
  resealed: number;
  /** Values that others changed meanwhile, each time that they were met: still to be done. */
  left: number;
  /** Values that no key opens, and the rows of the first of them by their keys. */
  shut: number;
  shutRows: number[][];
};

/** Rows of one statement: some milliseconds of work, and as long are their rows held. */
const PAGE_ROWS = 500;
/** A row that somebody holds is passed over, and met again by the next pass over its table. */
const PASSES = 3;
const SHUT_NAMED = 20;

/** One result for each column, in the order of their list. */
export async function resealAll(sql: Database, keyring: Keyring): Promise<Resealed[]> {
  const done: Resealed[] = [];
  for (const column of sealedColumns) done.push(await resealColumn(sql, keyring, column));
  return done;
}

async function resealColumn(sql: Database, keyring: Keyring, column: SealedColumn): Promise<Resealed> {
  const name = `${column.table}.${column.column}`;
  let resealed = 0;
  for (let pass = 1; ; pass++) {
    const tally = await passOver(sql, keyring, column);
    resealed += tally.resealed;
    if (tally.left === 0 || pass === PASSES) return { column: name, ...tally, resealed };
  }
}

type Row = { key: number[]; sealed: string };

async function passOver(sql: Database, keyring: Keyring, column: SealedColumn): Promise<Omit<Resealed, "column">> {
  const tally = { resealed: 0, left: 0, shut: 0, shutRows: [] as number[][] };
  let after: number[] = column.key.map(() => Number.MIN_SAFE_INTEGER);
  for (;;) {
    const page = await readPage(sql, column, after);
    const older = page.filter(({ sealed }) => keyIdOf(sealed) !== keyring.keyIds[0]);
    const renewed = older.map((row) => ({ ...row, becomes: renew(keyring, row.sealed, column.place(row.key)) }));
    const open = renewed.flatMap(({ becomes, ...row }) => (becomes === undefined ? [] : [{ ...row, becomes }]));
    const shut = renewed.filter(({ becomes }) => becomes === undefined);
    const written = open.length === 0 ? 0 : await writePage(sql, column, open);
    tally.resealed += written;
    tally.left += open.length - written;
    tally.shut += shut.length;
    tally.shutRows.push(...shut.slice(0, SHUT_NAMED - tally.shutRows.length).map(({ key }) => key));
    if (page.length < PAGE_ROWS) return tally;
    after = page.at(-1)?.key ?? after;
  }
}

/** Undefined: no key opens it. */
function renew(keyring: Keyring, sealed: string, place: string): string | undefined {
  try {
    return keyring.seal(keyring.open(sealed, place), place);
  } catch (error) {
    if (error instanceof PermanentError) return undefined;
    throw error;
  }
}

async function readPage(sql: Database, { table, column, key }: SealedColumn, after: number[]): Promise<Row[]> {
  const columns = sql.unsafe(key.join(", "));
  const [first = 0, second = 0] = after;
  const bound = key.length === 1 ? sql`${first}::bigint` : sql`${first}::bigint, ${second}::bigint`;
  return sql<Row[]>`
    SELECT ARRAY[${columns}]::bigint[] AS key, ${sql(column)} AS sealed FROM ${sql(table)}
    WHERE (${columns}) > (${bound}) ORDER BY ${columns} LIMIT ${PAGE_ROWS}`;
}

/**
 * How many were written. Rows that somebody else holds are passed over: who never waits while he holds others is in nobody's way, and in no
 * deadlock.
 */
async function writePage(
  sql: Database,
  { table, column, key }: SealedColumn,
  rows: (Row & { becomes: string })[],
): Promise<number> {
  const isSame = (other: string) => sql.unsafe(key.map((name, n) => `t.${name} = ${other}.k${n + 1}`).join(" AND "));
  const keys = (n: number) => rows.map((row) => row.key[n] ?? 0);
  const written = await sql`
    WITH opened AS (
      SELECT * FROM unnest(${keys(0)}::bigint[], ${keys(1)}::bigint[], ${rows.map(({ sealed }) => sealed)}::text[],
        ${rows.map(({ becomes }) => becomes)}::text[]) AS o (k1, k2, was, becomes)),
    free AS (
      SELECT opened.* FROM opened JOIN ${sql(table)} AS t ON ${isSame("opened")} AND t.${sql(column)} = opened.was
      FOR NO KEY UPDATE OF t SKIP LOCKED)
    UPDATE ${sql(table)} AS t SET ${sql(column)} = free.becomes FROM free WHERE ${isSame("free")}`;
  return written.count;
}
