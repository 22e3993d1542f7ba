// grimbots logs: from a file, a pipe and the journal; filtered, for people and for programs; quiet when the reader goes.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFile, chmod, mkdir } from "node:fs/promises";
import path from "node:path";
import { formatLogLine, isWanted, readLogLine } from "#src/commands/log-line.ts";
import { emptyFolder } from "../binary/program.ts";
import { projectFolder } from "../support/sources.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const lines = [
  {
    level: "info",
    time: "2026-03-01T12:00:00.000Z",
    pid: 7,
    fact: "serving",
    url: "http://127.0.0.1:8080",
    msg: "serving",
  },
  { level: "warn", time: "2026-03-01T12:30:00.000Z", pid: 7, fact: "bot.flood", botId: 17, msg: "asked to pause" },
  {
    level: "error",
    time: "2026-03-01T13:00:00.000Z",
    pid: 8,
    fact: "charge.moved",
    reason: "a \u001b[31m b",
    msg: "odd",
  },
].map((line) => JSON.stringify(line));
const [info = "", warn = "", error = ""] = lines;
const words = "bun: out of memory";

/** Stands in for main.ts, which opens the whole program. */
const program = `
  import { readFlags } from "#src/commands/command.ts";
  import { logs } from "#src/commands/logs.ts";
  const end = (failed) => { process.stderr.write(failed.message + "\\n"); process.exit(failed.exitCode); };
  Promise.resolve().then(() => logs.run(readFlags(logs, process.argv.slice(2)), () => undefined)).then(() => process.exit(0), end);`;

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let file = "";

beforeAll(async () => {
  folder = await emptyFolder();
  file = path.join(folder.path, "grimbots.log");
  await Bun.write(file, `${info}\n${words}\n${warn}\n${error}\n{"level":"in`);
  // A journal of one's own: what it is asked for, and what it holds.
  await mkdir(path.join(folder.path, "bin"));
  const journal = [warn, "Main process exited", [226, 152, 131]].map((MESSAGE) =>
    JSON.stringify({
      MESSAGE,
      _SYSTEMD_UNIT: "grimbots-worker@tasks.service",
      __REALTIME_TIMESTAMP: "1772366400000000",
    }),
  );
  const asked = path.join(folder.path, "asked");
  const script = `#!/bin/sh\necho "$*" > ${asked}\ncat <<'END'\n${journal.join("\n")}\nEND\ncase "$*" in *nothing*) exit 1;; esac\n`;
  await Bun.write(path.join(folder.path, "bin/journalctl"), script);
  await chmod(path.join(folder.path, "bin/journalctl"), 0o755);
});
afterAll(() => folder[Symbol.asyncDispose]());

function open(args: string[], stdin: Blob | "ignore" = "ignore") {
  return Bun.spawn([process.execPath, "-e", program, "logs", ...args], {
    ...{ cwd: projectFolder, stdin, stdout: "pipe", stderr: "pipe" },
    env: { PATH: `${folder.path}/bin:/usr/bin:/bin`, TZ: "America/Sao_Paulo" },
  });
}

async function shown(args: string[], stdin?: Blob) {
  const child = open(args, stdin);
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, err, lines: out.split("\n").slice(0, -1) };
}

test("for people: local time, level, fact, sentence, fields; what is no fact stays as it is", async () => {
  const expected = [
    "2026-03-01 09:00:00.000  INFO   serving  serving  url=http://127.0.0.1:8080 pid=7",
    words,
    "2026-03-01 09:30:00.000  WARN   bot.flood  asked to pause  botId=17 pid=7",
    '2026-03-01 10:00:00.000  ERROR  charge.moved  odd  reason="a \\u001b[31m b" pid=8',
    '{"level":"in',
  ];
  expect(await shown([file])).toEqual({ code: 0, err: "", lines: expected });
  expect((await shown(["-"], Bun.file(file))).lines).toEqual(expected);
  expect((await shown([], new Blob([await Bun.file(file).text()]))).lines).toEqual(expected);
});

test("--json passes the lines on as they were written, and nothing else", async () => {
  expect((await shown([file, "--json", "--level", "warn"])).lines).toEqual([warn, error]);
});

test("the journal: units, times and what systemd itself says", async () => {
  const { lines: told } = await shown(["--since", "2026-03-01T08:00:00Z"]);
  expect(told).toEqual([
    "2026-03-01 09:30:00.000  WARN   bot.flood  asked to pause  botId=17 unit=grimbots-worker@tasks pid=7",
    "2026-03-01 09:00:00.000 Main process exited (grimbots-worker@tasks)",
    "2026-03-01 09:00:00.000 ☃ (grimbots-worker@tasks)",
  ]);
  const asked = await Bun.file(path.join(folder.path, "asked")).text();
  expect(asked).toContain("-o json");
  expect(asked).toContain("-u grimbots* --since @1772352000");
  const failed = await shown(["--unit", "nothing"]);
  expect([failed.code, failed.err]).toEqual([1, expect.stringContaining("group systemd-journal")]);
});

/** What a process was called with; nothing once it has ended. */
const wordsOf = (pid: string | undefined): Promise<string> =>
  Bun.file(`/proc/${pid}/cmdline`)
    .text()
    .catch(() => "");

test("--follow goes on with what is written, and leaves nothing behind; it ends quietly when nobody reads any more", async () => {
  const followed = path.join(folder.path, "followed.log");
  await Bun.write(followed, `${info}\n`);
  const child = open(["--follow", followed]);
  const reader = child.stdout.getReader();
  let text = "";
  const reading = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text += Buffer.from(part.value).toString();
  })();
  await until("the first line is shown", () => text.includes("serving"));
  await appendFile(followed, `${warn}\n`);
  await until("the next one, too", () => text.includes("bot.flood"));
  const [tail] = (await Bun.file(`/proc/${child.pid}/task/${child.pid}/children`).text()).split(" ");
  expect(await wordsOf(tail)).toContain(followed);
  child.kill("SIGKILL");
  await Promise.all([child.exited, reading]);
  await until("what reads the file for it has ended, too", async () => (await wordsOf(tail)) === "");

  await Bun.write(path.join(folder.path, "long.log"), `${info}\n`.repeat(20_000));
  const piped = `"$0" -e "$1" logs "$2" | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const head = Bun.spawn(["bash", "-c", piped, process.execPath, program, path.join(folder.path, "long.log")], {
    ...{ cwd: projectFolder, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  });
  const [out, err] = await Promise.all([new Response(head.stdout).text(), new Response(head.stderr).text()]);
  expect([out.trimEnd().split("\n").length, out.trimEnd().split("\n").at(-1), err]).toEqual([2, "0", ""]);
});

test.each([
  [["/no/such/file"], 1, "/no/such/file cannot be read.\n"],
  [["--level", "loud"], 2, "--level takes trace, debug, info, warn, error or fatal.\n"],
  [["--bot", "x"], 2, "--bot must be the number of a bot.\n"],
  [["--since", "soon"], 2, "--since takes a span like 10m, 2h or 7d, or a time like 2026-03-01T12:00.\n"],
])("wrong use %j is one sentence", async (args, code, err) => {
  expect(await shown(args)).toEqual({ code, err, lines: [] });
});

describe("a line", () => {
  const all = { level: undefined, fact: undefined, bot: undefined, since: undefined };
  const chosen = (wanted: Partial<Parameters<typeof isWanted>[1]>) =>
    [info, words, warn, error].filter((line) => isWanted(readLogLine(line), { ...all, ...wanted }));

  test("is chosen by level, fact, bot and time; what is no fact only where neither fact nor bot is asked for", () => {
    expect(chosen({})).toEqual([info, words, warn, error]);
    expect(chosen({ level: "warn" })).toEqual([words, warn, error]);
    expect(chosen({ fact: "charge.*" })).toEqual([error]);
    expect(chosen({ fact: "charge" })).toEqual([]);
    expect(chosen({ fact: "*" })).toEqual([info, warn, error]);
    expect(chosen({ bot: 17 })).toEqual([warn]);
    expect(chosen({ since: new Date("2026-03-01T12:30:00Z") })).toEqual([words, warn, error]);
  });

  test("has colours only where they are wanted, and never lets anything else control a terminal", () => {
    const read = readLogLine(JSON.stringify({ ...JSON.parse(error), msg: "\u001b]0;title\u0007", fact: "a\u009bb" }));
    expect(formatLogLine(read, true)).toContain("\u001b[31mERROR\u001b[0m");
    for (const line of [read, readLogLine("\u001b[2Jgone")]) expect(formatLogLine(line, false)).not.toMatch(/\p{Cc}/u);
  });
});
