// doctor's judgements of what cannot be brought about at will: an old server, a full disk, a clock that is wrong, a webhook's last error.

import { describe, expect, test } from "bun:test";
import { schemaVersion } from "#db/migrate.ts";
import { judgeWebhook } from "#src/commands/doctor/bots.ts";
import { judgeConnections, judgeDisk, judgeSchema, judgeServer } from "#src/commands/doctor/database.ts";
import { type Finding, inWords, lookWithin } from "#src/commands/doctor/finding.ts";
import { inTurn } from "#src/commands/doctor/in-turn.ts";
import { checkRuntime, judgeFileLimit, judgeMemory } from "#src/commands/doctor/machine.ts";
import { judgeClock, judgePublicUrl } from "#src/commands/doctor/reach.ts";
import { judgeRedis } from "#src/commands/doctor/redis.ts";
import { examineSettings } from "#src/commands/doctor/settings.ts";
import { languageOf, words } from "#src/commands/doctor/words.ts";
import { ALLOWED_UPDATES } from "#src/telegram/update.ts";
import { emptyFolder } from "../binary/program.ts";

const GB = 1024 ** 3;
const server = {
  ...{ version: 150_004, now: new Date(0), fsync: "on", fullPageWrites: "on", synchronousCommit: "on" },
  ...{ maxConnections: 100, used: 5 },
};
const redis = {
  ...{ redis_version: "7.0.15", maxmemory_policy: "noeviction", used_memory: "1000000", maxmemory: "0" },
  ...{ appendonly: "yes", rdb_last_bgsave_status: "ok", aof_last_write_status: "ok" },
};
const ours = "https://bots.example.com/webhook/telegram/7";
const nowMs = Date.parse("2026-03-01T12:00:00Z");
const info = { url: ours, has_custom_certificate: false, pending_update_count: 0, allowed_updates: ALLOWED_UPDATES };
const webhook = (more: object, its: string | null = ours) =>
  judgeWebhook("bot 7 @alice_bot", { ...info, ...more } as never, { bot: 7, ours: its ?? undefined, nowMs });
const failed = (message: string) => ({ last_error_date: nowMs / 1_000 - 120, last_error_message: message });

const only = (findings: Finding[]): Finding => {
  const odd = findings.filter(({ level }) => level !== "ok");
  if (odd.length !== 1 || !odd[0]) throw new Error(`one finding was expected, not ${JSON.stringify(odd)}`);
  return odd[0];
};

test("what is in order is ok, and there is nothing to do", () => {
  const findings = [
    ...judgeServer(server),
    judgeSchema({ version: schemaVersion, oldestProgram: schemaVersion }),
    judgeSchema({ version: schemaVersion + 1, oldestProgram: schemaVersion }),
    judgeConnections({ max: 100, used: 30, processes: 4 }),
    judgeDisk({ free: 50 * GB, all: 100 * GB }),
    ...judgeRedis(redis),
    ...judgeRedis({ ...redis, used_memory: "50000000", maxmemory: "100000000" }),
    judgeClock("clock_telegram", -1_900),
    judgePublicUrl("https://bots.example.com", { status: 200, text: '{"status":"ok"}' }),
    judgeFileLimit(65_536),
    judgeMemory(2_000_000),
    webhook({}),
    webhook({ last_error_date: nowMs / 1_000 - 3_600, last_error_message: "Connection timed out" }),
    webhook({ url: "" }, null),
  ];
  expect(findings.map((finding) => inWords(finding, "pt")).filter(({ ok, remedy }) => !ok || remedy !== null)).toEqual(
    [],
  );
});

test("only files that hold secrets must be their owner's alone", () => {
  const { files } = examineSettings({
    SECRET_KEY_FILE: "/a/key",
    LOG_LEVEL_FILE: "/a/level",
    PUBLIC_URL_FILE: "/a/url",
  });
  expect(files).toEqual(["/a/key"]);
});

test("a policy that Redis does not tell is advice", () => {
  const { maxmemory_policy: _, ...untold } = redis;
  expect(only(judgeRedis(untold))).toMatchObject({ name: "redis_policy", level: "warn", remedy: "redis_ask" });
});

/** The finding, how bad it is, and a piece of its remedy in each language. */
const CASES: [name: string, finding: Finding, level: string, pt: string, en: string][] = [
  [
    "old PostgreSQL",
    only(judgeServer({ ...server, version: 140_010 })),
    "fail",
    "PostgreSQL 15 ou",
    "PostgreSQL 15 or",
  ],
  ["no fsync", only(judgeServer({ ...server, fsync: "off" })), "fail", "Ponha fsync = on", "Set fsync = on"],
  [
    "no full pages",
    only(judgeServer({ ...server, fullPageWrites: "off" })),
    "fail",
    "Ponha full_page",
    "Set full_page",
  ],
  ["lazy commits", only(judgeServer({ ...server, synchronousCommit: "off" })), "fail", "Ponha synchro", "Set synchro"],
  [
    "old schema",
    judgeSchema({ version: 1, oldestProgram: 1 }),
    "fail",
    "Rode `grimbots migrate`",
    "Run `grimbots migrate`",
  ],
  [
    "new schema",
    judgeSchema({ version: 999, oldestProgram: 999 }),
    "fail",
    "Instale o grimbots mais",
    "Install the newer",
  ],
  [
    "many connections",
    judgeConnections({ max: 100, used: 81, processes: 1 }),
    "fail",
    "Aumente max_conn",
    "Raise max_conn",
  ],
  ["few connections", judgeConnections({ max: 40, used: 20, processes: 3 }), "warn", "para 60 no", "to 60 in"],
  ["hardly any disk", judgeDisk({ free: GB / 2, all: 2 * GB }), "fail", "Libere ou aumente", "Free or enlarge"],
  ["little disk", judgeDisk({ free: 14 * GB, all: 100 * GB }), "warn", "Libere ou aumente", "Free or enlarge"],
  ["old Redis", only(judgeRedis({ ...redis, redis_version: "6.0.16" })), "fail", "Redis 6.2 ou", "Redis 6.2 or"],
  [
    "Redis forgets",
    only(judgeRedis({ ...redis, maxmemory_policy: "allkeys-lru" })),
    "fail",
    "noeviction",
    "noeviction",
  ],
  ["no AOF", only(judgeRedis({ ...redis, appendonly: "no" })), "warn", "Defina appendonly", "Set appendonly"],
  [
    "full Redis",
    only(judgeRedis({ ...redis, used_memory: "81", maxmemory: "100" })),
    "fail",
    "Aumente maxmem",
    "Raise maxmem",
  ],
  [
    "Redis cannot save",
    only(judgeRedis({ ...redis, rdb_last_bgsave_status: "err" })),
    "fail",
    "log do Redis",
    "Redis' log",
  ],
  ["a wrong clock", judgeClock("clock_database", 2_100), "fail", "Ligue a sincron", "Let NTP set"],
  [
    "no https",
    judgePublicUrl("http://bots.example.com", { reason: "x" }),
    "fail",
    "só entrega por https",
    "https only",
  ],
  [
    "another program",
    judgePublicUrl("https://bots.example.com", { status: 200, text: "<html>" }),
    "fail",
    "DNS",
    "DNS",
  ],
  ["few files", judgeFileLimit(4_096), "warn", "Aumente LimitNOFILE", "Raise LimitNOFILE"],
  ["hardly any files", judgeFileLimit(512), "fail", "Aumente LimitNOFILE", "Raise LimitNOFILE"],
  ["little memory", judgeMemory(300_000), "warn", "Libere memória", "Free memory"],
  ["hardly any memory", judgeMemory(60_000), "fail", "Libere memória", "Free memory"],
  [
    "a webhook elsewhere",
    webhook({ url: "https://evil.example.com/" }),
    "fail",
    "alguém mais tem o token",
    "somebody else has",
  ],
  ["no webhook", webhook({ url: "" }), "fail", "grimbots bot webhook --bot 7", "grimbots bot webhook --bot 7"],
  ["kinds left out", webhook({ allowed_updates: ["message"] }), "fail", "grimbots bot webhook", "grimbots bot webhook"],
  [
    "a wrong secret",
    webhook(failed("Wrong response from the webhook: 401 Unauthorized")),
    "fail",
    "bot webhook",
    "bot webhook",
  ],
  ["a failing webhook", webhook(failed("Connection refused")), "warn", "PUBLIC_URL responde", "PUBLIC_URL answers"],
  ["much that waits", webhook({ pending_update_count: 101 }), "warn", "PUBLIC_URL responde", "PUBLIC_URL answers"],
];

test.each(CASES)("%s: said with its remedy in both languages", (_, finding, level, pt, en) => {
  const [inPt, inEn] = [inWords(finding, "pt"), inWords(finding, "en")];
  expect(inPt).toEqual({ ...inPt, ok: level !== "fail", level: level as never, remedy: expect.stringContaining(pt) });
  expect(inEn).toEqual({ ...inEn, ok: level !== "fail", level: level as never, remedy: expect.stringContaining(en) });
  for (const { found, remedy } of [inPt, inEn]) expect(`${found} ${remedy}`).not.toMatch(/[{}?]|undefined|NaN/);
});

describe("words", () => {
  test("each is said in both languages, with the same values, and a remedy is one sentence", () => {
    const valuesIn = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([value]) => value).sort();
    for (const { pt, en } of Object.values(words)) expect(valuesIn(pt)).toEqual(valuesIn(en));
    for (const { pt, en } of Object.values(words)) expect(pt.endsWith(".")).toBe(en.endsWith("."));
  });

  test("the language is the flag's, else the machine's, else Portuguese", () => {
    expect(languageOf("en", { LANG: "pt_BR.UTF-8" })).toBe("en");
    expect(languageOf(undefined, { LC_ALL: "en_US.UTF-8", LANG: "pt_BR.UTF-8" })).toBe("en");
    expect(languageOf(undefined, { LANG: "en_GB.UTF-8" })).toBe("en");
    for (const LANG of [undefined, "", "C", "C.UTF-8", "pt_BR.UTF-8", "eng"])
      expect(languageOf(undefined, { LANG })).toBe("pt");
  });
});

describe("time", () => {
  test("a look that hangs, or throws, is a failure with a remedy", async () => {
    const [late] = await lookWithin("redis", () => new Promise(() => undefined), "redis_start", 10);
    expect(late).toMatchObject({ name: "redis", level: "fail", found: "no_answer_in_time", remedy: "redis_start" });
    const [thrown] = await lookWithin("x", () =>
      Promise.reject(new Error("postgres://alice:hunter2@db is away\nmore")),
    );
    expect(thrown?.values).toEqual({ reason: "postgres://alice:***@db is away" });
  });

  test("ten thousand bots: twenty at a time, until the time is over; then it is said how many were seen", async () => {
    let atOnce = 0;
    let most = 0;
    const look = async (bot: number): Promise<Finding> => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atOnce -= 1;
      return { name: `bot ${bot}`, level: "ok", found: "is_set" };
    };
    const findings = await inTurn(
      "bots",
      Array.from({ length: 10_000 }, (_, n) => n),
      100,
      look,
    );
    const last = findings.at(-1);
    expect(most).toBe(20);
    expect(last).toMatchObject({ name: "bots", level: "warn", values: { seen: findings.length - 1, all: 10_000 } });
    expect(findings.length).toBeLessThan(1_000);
    expect(await inTurn("bots", [1, 2], 1_000, look)).toHaveLength(2);
    expect(await inTurn("bots", [], 1_000, look)).toEqual([]);
  });
});

test("the embedded programs are looked for only where they were used", async () => {
  await using folder = await emptyFolder();
  const config = { dataDir: folder.path } as never;
  const missing = () => Promise.reject(new Error("PostgreSQL is not here"));
  expect(await checkRuntime(config, missing)).toEqual([]);
  await Bun.write(`${folder.path}/embedded.env`, "");
  expect(await checkRuntime(config, missing)).toMatchObject([
    { name: "runtime", level: "fail", remedy: "runtime_restore" },
  ]);
  const found = async () => ({ postgresBin: "/x/bin", redisServer: "/x/redis", redisLibs: undefined });
  expect(await checkRuntime(config, found)).toMatchObject([{ level: "ok" }]);
});
