// The platform's part of a seller's sales.

import type { Database } from "#db/connect.ts";
import { CommandError } from "../kernel/errors.ts";
import type { TenantId } from "../kernel/ids.ts";

const MOST_BASIS_POINTS = 5_000;

/** "2.5" or "2,5" percent as 250 basis points, read without a fraction; undefined when it is none from 0 to 50 with up to two decimals. */
export function readPercent(text: string): number | undefined {
  const [, whole, fraction = ""] = /^(\d{1,2})(?:[.,](\d{1,2}))?$/.exec(text.trim()) ?? [];
  if (whole === undefined) return undefined;
  const basisPoints = Number(whole + fraction.padEnd(2, "0"));
  return basisPoints <= MOST_BASIS_POINTS ? basisPoints : undefined;
}

/** In force for charges made from now on. Throws CommandError when there is no such tenant. */
export async function setCommission(sql: Database, tenantId: TenantId, basisPoints: number): Promise<void> {
  const rows =
    await sql`UPDATE tenant SET commission_basis_points = ${basisPoints} WHERE id = ${tenantId} RETURNING id`;
  if (rows.length === 0) throw new CommandError(`There is no tenant ${tenantId}; \`grimbots tenant add\` makes one.`);
}
