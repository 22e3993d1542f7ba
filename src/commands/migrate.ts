// grimbots migrate

import { migrate, type Plan, planMigration, schemaVersion } from "#db/migrate.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

export const migrateCommand: Command = {
  words: "migrate",
  summary: "brings the database up to date; safe to run twice and at the same time.",
  flags: [
    { name: "check", means: "Only say what would be done, and which older programs would still run afterwards." },
  ],
  async run(flags, print) {
    if (flags.has("check")) {
      const plan = await onDatabase((sql) => planMigration(sql), true);
      print({ program: schemaVersion, ...plan }, sentenceOf(plan));
      return;
    }
    const applied = await onDatabase((sql) => migrate(sql), true);
    const what = applied.length === 0 ? "nothing to do" : `applied ${applied.join(", ")}`;
    print({ schema: schemaVersion, applied }, `Schema ${schemaVersion}: ${what}.`);
  },
};

function sentenceOf({ before, pending, after }: Plan): string {
  if (pending.length === 0) return `Schema ${before.version}: nothing to do.`;
  return `Schema ${before.version}: would apply ${pending.join(", ")}; programs built for schema ${after.oldestProgram} or newer run on it.`;
}
