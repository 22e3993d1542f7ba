// LIST of migrations, in order. A migration that has been released never changes.

import init from "./0001_init.sql" with { type: "text" };
import line from "./0002_line.sql" with { type: "text" };
import money from "./0003_money.sql" with { type: "text" };
import broadcast from "./0004_broadcast.sql" with { type: "text" };
import alerts from "./0005_alerts.sql" with { type: "text" };
import keys from "./0006_keys.sql" with { type: "text" };

/**
 * `oldestProgram`: the oldest schema whose programs still do all their work once this migration is applied, while it is and after. Set it
 * where a migration only adds what they need not know of (a table, an index, a column that has a default or may be null): then an upgrade
 * can be taken back. Without it, older programs refuse the schema, and `install.sh --upgrade` refuses what could not be taken back.
 */
export type Migration = { version: number; name: string; sql: string; oldestProgram?: number };

export const migrations: readonly Migration[] = [
  { version: 1, name: "init", sql: init },
  { version: 2, name: "line", sql: line },
  { version: 3, name: "money", sql: money },
  { version: 4, name: "broadcast", sql: broadcast },
  { version: 5, name: "alerts", sql: alerts, oldestProgram: 4 },
  { version: 6, name: "keys", sql: keys, oldestProgram: 4 },
];
