// The compiled program: grimbots alerts, alerts ack and alerts test, as the operator runs them.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { alertToken, OPERATOR, startWatch, toldIn } from "../ops/alert-scene.ts";
import { startMailServer } from "../support/smtp.ts";
import { OPENING_MS, openWorld, type World } from "../support/world.ts";
import { run } from "./program.ts";

setDefaultTimeout(30_000);

let world: World;
beforeAll(async () => {
  world = await openWorld();
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

const grimbots = (args: string[], env: Record<string, string> = {}) =>
  run(["alerts", ...args], { env: { DATABASE_URL: world.databaseUrl, TELEGRAM_API_ROOT: world.fake.url, ...env } });

test("alerts: nobody watches; then what is open, who knows of it, and what is over", async () => {
  expect((await grimbots([])).stdout).toContain("NINGUÉM VIGIA (última olhada: nunca)");
  const watch = await startWatch(world, { polls: true });
  const bot = await world.addBot();
  await world.sql`UPDATE bot SET status = 'token_revoked' WHERE id = ${bot.botId}`;
  await watch.look();
  const { stdout } = await grimbots(["--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    open: [{ name: "bot_token_revoked", total: 1, acknowledgedBy: null }],
    over: [],
  });

  expect(await grimbots(["ack", "bot_token_revoked", "--by", "Alice"])).toMatchObject({ code: 0 });
  expect((await grimbots([])).stdout).toMatch(/ABERTO {2}bot_token_revoked .*ciente: Alice/);
  // Whoever calls it without saying who he is: the account, whatever the environment says.
  await world.sql`UPDATE incident SET acknowledged_at = NULL, acknowledged_by = NULL`;
  expect(await grimbots(["ack", "bot_token_revoked"], { USER: "nobody" })).toMatchObject({ code: 0 });
  const account = Bun.spawnSync(["id", "-un"]).stdout.toString().trim();
  expect((await grimbots([])).stdout).toContain(`ciente: ${account}`);
  await world.sql`UPDATE incident SET acknowledged_at = NULL, acknowledged_by = NULL`;
  expect(await grimbots(["ack", "bot_token_revoked"], { PATH: "/nowhere" })).toMatchObject({ code: 0 });
  expect((await grimbots([])).stdout).toContain("ciente: quem tem acesso à máquina");
  expect(await grimbots(["ack", "redis_down"])).toMatchObject({ code: 1, stderr: "redis_down is not open.\n" });
  expect((await grimbots(["ack", "nonsense"])).code).toBe(2);
  await watch.stop();
});

test("alerts test: every address, and which were not reached; no secret is told", async () => {
  using mail = startMailServer();
  const env = { ALERT_TELEGRAM: `${alertToken}@${OPERATOR.id}`, ALERT_EMAIL: "alice@example.com", SMTP_URL: mail.url };
  const before = (await toldIn(world)).length;
  expect(await grimbots(["test"], env)).toMatchObject({
    code: 0,
    stdout: `ok   telegram:9000001:${OPERATOR.id}\nok   email\n`,
  });
  expect(await toldIn(world, before)).toEqual([expect.stringContaining("teste: os alertas chegam até aqui.")]);
  expect(mail.mails).toMatchObject([{ text: expect.stringContaining("teste") }]);

  await world.fake.control.bot({ token: alertToken, revoked: true });
  const failed = await grimbots(["test", "--text", "grimbots.service parou"], env);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain(`FAIL telegram:9000001:${OPERATOR.id}: Telegram: token_revoked`);
  expect(failed.stdout + failed.stderr).not.toContain(alertToken.split(":")[1] ?? "");
  expect(mail.mails[1]?.text).toContain("grimbots.service parou");
  expect(await grimbots(["test"])).toMatchObject({ code: 2, stderr: expect.stringContaining("Nobody would be told") });
});
