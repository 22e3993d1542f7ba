// A bot of a tenant: its sealed token, its state, the funnel version that new customers begin.

import { bigint, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import { bytea } from "./tenant.ts";

export const bot = pgTable("bot", {
  id: bigint({ mode: "number" }).primaryKey().generatedByDefaultAsIdentity(),
  tenantId: bigint("tenant_id", { mode: "number" }).notNull(),
  telegramId: bigint("telegram_id", { mode: "number" }).notNull(),
  username: text().notNull(),
  tokenSealed: text("token_sealed").notNull(),
  secretSealed: text("secret_sealed").notNull(),
  secretHash: bytea("secret_hash").notNull(),
  status: text({ enum: ["active", "paused", "token_revoked"] })
    .notNull()
    .default("active"),
  statusAt: timestamp("status_at", { withTimezone: true }).notNull().defaultNow(),
  funnelVersionId: bigint("funnel_version_id", { mode: "number" }),
  pausedUntil: timestamp("paused_until", { withTimezone: true }),
  pollOffset: bigint("poll_offset", { mode: "number" }).notNull().default(0),
});
