// Lists come in pages: at most 100 at a time, and an opaque cursor that says where the next page begins.

import { Type } from "@sinclair/typebox";
import { RejectedError } from "../../kernel/errors.ts";

const DEFAULT_LIMIT = 50;

/** Parameters of every list. */
export const pageQuery = {
  limit: Type.Optional(Type.String({ title: "a whole number from 1 to 100", pattern: "^(?:[1-9]\\d?|100)$" })),
  after: Type.Optional(
    Type.String({ title: "the `next` of the page before", maxLength: 100, pattern: "^[A-Za-z0-9_-]+$" }),
  ),
};

export type Page<Item> = { items: Item[]; next: string | null };

export const limitOf = ({ limit }: { limit?: string }): number => (limit === undefined ? DEFAULT_LIMIT : Number(limit));

/** The numbers in a cursor, `count` of them; undefined without a cursor. Throws RejectedError 400 for one that nobody gave out. */
export function readCursor({ after }: { after?: string }, count: number): number[] | undefined {
  if (after === undefined) return undefined;
  const text = Buffer.from(after, "base64url").toString("latin1");
  const numbers = text.split(".").map(Number);
  const isOurs = /^[\d.]+$/.test(text) && numbers.length === count && numbers.every(Number.isSafeInteger);
  if (!isOurs) throw new RejectedError(400, "after must be the `next` of the page before.");
  return numbers;
}

/** Where a list of rows with ids, the newest first, goes on: below this id. */
export const beforeOf = (query: { after?: string }): number => readCursor(query, 1)?.[0] ?? Number.MAX_SAFE_INTEGER;

/** The page of `rows`, of which one more was read than it holds; `placeOf`: what the cursor keeps of its last one. */
export function pageOf<Item>(rows: Item[], limit: number, placeOf: (item: Item) => number[]): Page<Item> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items, next: hasMore ? Buffer.from(placeOf(last).join(".")).toString("base64url") : null };
}
