// A tenant: a seller, who pays us.

import { bigint, customType, pgTable, text, timestamp } from "drizzle-orm/pg-core";

export const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });

export const tenant = pgTable("tenant", {
  id: bigint({ mode: "number" }).primaryKey().generatedByDefaultAsIdentity(),
  name: text().notNull(),
  email: text().notNull(),
  passwordHash: text("password_hash"),
  apiKeyHash: bytea("api_key_hash").notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
});
