// What doctor looks at in its tests: a seller with a bot and a gateway account, a process that serves, and all that they need.

import { Redis } from "ioredis";
import { connectDatabase, type Database } from "#db/connect.ts";
import { openTables } from "#db/tables.ts";
import { type App, allQueues, openApp } from "#src/app.ts";
import { diagnose } from "#src/commands/doctor/diagnose.ts";
import { type Check, inWords, type Level } from "#src/commands/doctor/finding.ts";
import { type FakeTelegram, startFakeTelegram } from "#src/fake-telegram/server.ts";
import { readConfig } from "#src/kernel/config.ts";
import { openLog } from "#src/kernel/log.ts";
import { addAccount } from "#src/payments/add-account.ts";
import { type SandboxGateway, startSandboxGateway } from "#src/sandbox-gateway/server.ts";
import { addBot } from "#src/telegram/add-bot.ts";
import { addTenant } from "#src/tenants/add-tenant.ts";
import { emptyFolder } from "../binary/program.ts";
import { services } from "../support/services.ts";
import { plainFunnel, testKeyring, testSecretKey } from "../support/world.ts";

export const token = "123456789:AAFq-3xYz_0123456789abcdefghijklmno";

/** One finding, said in both languages. */
export type Both = { name: string; level: Level; pt: Check; en: Check };

export type Stage = {
  sql: Database;
  redis: Redis;
  fake: FakeTelegram;
  sandbox: SandboxGateway;
  folder: string;
  /** The settings with which everything is in order. */
  env: Record<string, string>;
  merchantToken: string;
  /** What doctor finds with these settings over those. */
  look(more?: Record<string, string>): Promise<Both[]>;
  /** Ends the process that serves, and opens another one that works on these queues; on none: nobody serves. */
  serveOnly(workers: typeof allQueues | undefined): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function openStage(): Promise<Stage> {
  const { redisUrl, createDatabase } = await services();
  const [fake, sandbox, folder] = await Promise.all([startFakeTelegram(), startSandboxGateway(), emptyFolder()]);
  const databaseUrl = await createDatabase();
  const sql = connectDatabase(databaseUrl, { connections: 2, name: "test" });
  const redis = new Redis(redisUrl);
  const door = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ status: "ok" }) });
  const publicUrl = `http://127.0.0.1:${door.port}`;
  const env = {
    ...{ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, TELEGRAM_API_ROOT: fake.url, SECRET_KEY: testSecretKey },
    ...{ PUBLIC_URL: publicUrl, DATA_DIR: folder.path, ALERT_TELEGRAM: `${token}@17` },
  };
  const merchantToken = await fill({ sql, fake, sandbox, databaseUrl, publicUrl });
  const config = { ...readConfig(env), databaseUrl, redisUrl };
  const serve = (workers: typeof allQueues) =>
    openApp({ config, keyring: testKeyring, log: openLog("silent", 2), workers, sweeps: false });
  let app: App | undefined = await serve(allQueues);
  return {
    ...{ sql, redis, fake, sandbox, folder: folder.path, env, merchantToken },
    async look(more = {}) {
      const findings = await diagnose({ ...env, ...more }, 10_000);
      return findings.map((one) => ({ ...one, pt: inWords(one, "pt"), en: inWords(one, "en") }));
    },
    async serveOnly(workers) {
      await app?.[Symbol.asyncDispose]();
      app = workers && (await serve(workers));
    },
    async [Symbol.asyncDispose]() {
      await app?.[Symbol.asyncDispose]();
      redis.disconnect();
      await sql.end({ timeout: 1 });
      await Promise.all([fake, sandbox, folder].map((one) => one[Symbol.asyncDispose]()));
      await door.stop(true);
    },
  };
}

type Filled = { sql: Database; fake: FakeTelegram; sandbox: SandboxGateway; databaseUrl: string; publicUrl: string };

/** A seller with a bot and a gateway account, each the first of its kind; returns the token at the gateway. */
async function fill({ sql, fake, sandbox, databaseUrl, publicUrl }: Filled): Promise<string> {
  await fake.control.bot({ token, username: "alice_bot" });
  await using tables = openTables(databaseUrl);
  const { tenantId } = await addTenant(tables, { name: "Alice", email: "alice@example.com" });
  await addBot(sql, { keyring: testKeyring, apiRoot: fake.url, publicUrl, tenantId, token, funnel: plainFunnel });
  const merchant = await sandbox.control.merchant({});
  const credentials = { token: merchant.token, noticeSecret: merchant.noticeSecret, baseUrl: sandbox.url };
  await addAccount(sql, { keyring: testKeyring, publicUrl, tenantId, kind: "sandbox", credentials });
  return merchant.token;
}
