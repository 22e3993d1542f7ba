// LIST of migrations, in order. A migration that has been released never changes.

import init from "./0001_init.sql" with { type: "text" };
import line from "./0002_line.sql" with { type: "text" };
import money from "./0003_money.sql" with { type: "text" };
import broadcast from "./0004_broadcast.sql" with { type: "text" };

export const migrations: readonly { version: number; name: string; sql: string }[] = [
  { version: 1, name: "init", sql: init },
  { version: 2, name: "line", sql: line },
  { version: 3, name: "money", sql: money },
  { version: 4, name: "broadcast", sql: broadcast },
];
