// LIST of the columns whose values are kept sealed, each bound to its row. Beside them stands only what a customer has just told for his
// PIX, in the effect that carries it to `payer`, for as long as a request is tried: ten minutes at most.

import type { Database } from "#db/connect.ts";
import type { AccountId, BotId, ChatId } from "../kernel/ids.ts";
import { credentialsPlace, keyPlace } from "../payments/accounts.ts";
import { TOKEN_PLACE } from "../payments/context.ts";
import { payerPlace } from "../payments/payer.ts";
import { secretPlace, tokenPlace } from "../telegram/bots.ts";

export type SealedColumn = {
  table: string;
  column: string;
  /** The columns of its primary key, each a bigint. */
  key: readonly ["id"] | readonly ["bot_id", "chat_id"];
  /** What the value in the row with this key is sealed for. */
  place(key: readonly number[]): string;
};

export const sealedColumns: readonly SealedColumn[] = [
  { table: "bot", column: "token_sealed", key: ["id"], place: ([id]) => tokenPlace(id as BotId) },
  { table: "bot", column: "secret_sealed", key: ["id"], place: ([id]) => secretPlace(id as BotId) },
  {
    ...{ table: "gateway_account", column: "credentials_sealed", key: ["id"] },
    place: ([id]) => credentialsPlace(id as AccountId),
  },
  { table: "gateway_account", column: "key_sealed", key: ["id"], place: ([id]) => keyPlace(id as AccountId) },
  {
    ...{ table: "payer", column: "sealed", key: ["bot_id", "chat_id"] },
    place: ([botId, chatId]) => payerPlace(botId as BotId, chatId as ChatId),
  },
  { table: "delivery", column: "token_sealed", key: ["id"], place: () => TOKEN_PLACE },
];

/** How many values of a column each key has sealed; reads all of it. */
export async function countByKey(
  sql: Database,
  { table, column }: SealedColumn,
): Promise<{ keyId: string; count: number }[]> {
  return sql`
    SELECT split_part(${sql(column)}, '.', 2) AS "keyId", count(*)::int AS count FROM ${sql(table)} GROUP BY 1`;
}
