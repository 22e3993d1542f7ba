// grimbots migrate

import { migrate, schemaVersion } from "#db/migrate.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

export const migrateCommand: Command = {
  words: "migrate",
  summary: "brings the database up to date; safe to run twice and at the same time.",
  flags: [],
  async run(_flags, print) {
    const applied = await onDatabase((sql) => migrate(sql), true);
    const what = applied.length === 0 ? "nothing to do" : `applied ${applied.join(", ")}`;
    print({ schema: schemaVersion, applied }, `Schema ${schemaVersion}: ${what}.`);
  },
};
