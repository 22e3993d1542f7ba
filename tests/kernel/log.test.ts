// The log: one JSON line per fact, and no way in for a bot's token.

import { expect, setDefaultTimeout, test } from "bun:test";
import path from "node:path";
import { openThrottle, redactTokens } from "#src/kernel/log.ts";

setDefaultTimeout(60_000);

const SECRET_HALF = "AAFq-3xYz_0123456789abcdefghijklmno";
const token = `123456789:${SECRET_HALF}`;

test.each([
  [token, "123456789:***"],
  [`bad token ${token}.`, "bad token 123456789:***."],
  [`https://api.telegram.org/bot${token}/getMe failed`, "https://api.telegram.org/bot123456789:***/getMe failed"],
  [`/bot123456789%3A${SECRET_HALF}/getMe`, "/bot123456789:***/getMe"],
  [`{"token":"${token}","again":"${token}"}`, '{"token":"123456789:***","again":"123456789:***"}'],
])("of %p only the public half stays", (text, redacted) => {
  expect(redactTokens(text)).toBe(redacted);
});

test.each(["2026-03-01T12:00:00.000Z", "127.0.0.1:5432", "chat 501: no answer", "postgres://alice@host:5432/grimbots"])(
  "%p stays as it is",
  (text) => {
    expect(redactTokens(text)).toBe(text);
  },
);

test("a fact that comes by the thousand is told so many times a second, and then how many were left out", () => {
  let nowMs = 0;
  const mayTell = openThrottle(2, () => nowMs);
  expect([mayTell("a"), mayTell("a"), mayTell("a"), mayTell("a"), mayTell("b")]).toEqual([
    0,
    0,
    undefined,
    undefined,
    0,
  ]);
  nowMs = 1_000;
  expect([mayTell("a"), mayTell("a"), mayTell("a"), mayTell("b")]).toEqual([2, 0, undefined, 0]);
  nowMs = 60_000;
  expect(mayTell("a")).toBe(1);
});

test("so a thousand warnings of a kind are few lines; what the program does is told each time", async () => {
  const program = `
    import { openLog } from "#src/kernel/log.ts";
    const log = openLog("info", 1);
    for (let n = 0; n < 1_000; n++) {
      log.warn({ fact: "notice.forged", n }, "a notice was refused: it is not authentic");
      log.info({ fact: "charge.moved", n }, "a charge moved");
    }`;
  const child = Bun.spawn([process.execPath, "-e", program], {
    cwd: path.resolve(import.meta.dir, "../.."),
    stdout: "pipe",
  });
  const facts = (await new Response(child.stdout).text())
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).fact);
  expect(facts.filter((fact) => fact === "charge.moved")).toHaveLength(1_000);
  const forged = facts.filter((fact) => fact === "notice.forged").length;
  expect([forged >= 20, forged < 200]).toEqual([true, true]);
});

/** The lines that a program writes which logs a token in every way we can think of. */
async function logged(to: 1 | 2): Promise<{ lines: string[]; silent: string }> {
  const program = `
    import { openLog } from "#src/kernel/log.ts";
    const log = openLog("info", ${to});
    const token = ${JSON.stringify(token)};
    log.info({ fact: "said", botId: 7 }, "a sentence with " + token);
    log.warn({ fact: "failed", reason: "fetch of https://x/bot" + token + "/getMe", err: new TypeError("no " + token) }, "failed");
    log.info({ token: "opaque", password: "hunter2", deep: { secret: "hunter3" }, list: [token] }, "fields");
    log.debug({ fact: "hidden" }, "below the level");`;
  const child = Bun.spawn([process.execPath, "-e", program], {
    cwd: path.resolve(import.meta.dir, "../.."),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  expect(await child.exited).toBe(0);
  return { lines: (to === 1 ? out : err).trimEnd().split("\n"), silent: to === 1 ? err : out };
}

test.each([1, 2] as const)(
  "lines are JSON on stream %p, with level, time and ids as fields, and without a secret",
  async (to) => {
    const { lines, silent } = await logged(to);
    expect(silent).toBe("");
    const facts = lines.map((line) => JSON.parse(line));
    expect(facts).toMatchObject([
      { level: "info", fact: "said", botId: 7, msg: "a sentence with 123456789:***", pid: expect.any(Number) },
      { level: "warn", fact: "failed", err: { type: "TypeError", message: "TypeError: no 123456789:***" } },
      { level: "info", token: "***", password: "***", deep: { secret: "***" }, list: ["123456789:***"] },
    ]);
    expect(facts.every(({ time }) => new Date(time).toISOString() === time)).toBe(true);
    expect(lines.join("")).not.toMatch(/AAFq|hunter/);
  },
);
