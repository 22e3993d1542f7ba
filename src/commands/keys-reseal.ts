// grimbots keys reseal

import type { Database } from "#db/connect.ts";
import { openKeyring } from "../kernel/config.ts";
import { CommandError } from "../kernel/errors.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";
import { type Resealed, resealAll } from "./reseal.ts";

export const keysReseal: Command = {
  words: "keys reseal",
  summary:
    "seals all that is kept sealed again with the newest key of SECRET_KEY, while everything runs; the older keys can go then.",
  flags: [],
  async run(_flags, print) {
    const columns = await onDatabase(async (sql, config) => {
      const keyring = openKeyring(config.secretKey);
      await refuseUntilKnown(sql, keyring.keyIds[0] ?? "");
      return resealAll(sql, keyring);
    });
    const sum = (what: "left" | "shut") => columns.reduce((all, one) => all + one[what], 0);
    const [left, shut] = [sum("left"), sum("shut")];
    print({ ok: left + shut === 0, columns }, columns.map(lineOf).join("\n"));
    if (shut > 0)
      throw new CommandError(
        `Secrets that no key of SECRET_KEY opens: ${shut}. Add the key that sealed them, or give those bots and accounts new ones.`,
      );
    if (left > 0) throw new CommandError(`Secrets that others were changing meanwhile: ${left}. Run it again.`);
  },
};

/** A process that runs without the newest key could not open what is sealed with it, and would be silent until its next start. */
async function refuseUntilKnown(sql: Database, newest: string): Promise<void> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM process
    WHERE beat_at > clock_timestamp() - interval '5 seconds' AND NOT ${newest} = ANY (coalesce(key_ids, '{}'))`;
  if (row && row.count > 0)
    throw new CommandError(
      `Processes that do not hold the newest key of SECRET_KEY, and run: ${row.count}. Restart them first (systemctl restart grimbots.target, on each machine).`,
    );
}

function lineOf({ column, resealed, left, shut, shutRows }: Resealed): string {
  const rows = shutRows.map((key) => key.join("/")).join(", ");
  return [
    `${column}: ${resealed} sealed again`,
    ...(left > 0 ? [`${left} still to be done`] : []),
    ...(shut > 0 ? [`${shut} opened by no key (row ${rows}${shut > shutRows.length ? ", …" : ""})`] : []),
  ].join(", ");
}
