// What the program says to a person: its help, and one sentence with an exit code for everything that is wrong.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { commands } from "#src/commands/index.ts";
import packageJson from "../../package.json" with { type: "json" };
import { type Ran, run } from "./program.ts";

setDefaultTimeout(60_000);

const key = Buffer.alloc(32, 7).toString("base64");
const away = "postgres://alice:hunter2@127.0.0.1:1/grimbots";
const services = { DATABASE_URL: away, REDIS_URL: "redis://:hunter3@127.0.0.1:1" };

/** One sentence on stderr and nothing on stdout: no stack, no secret. */
function expectSentence({ code, stdout, stderr }: Ran, exitCode: number, words: string | RegExp): void {
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
  expect(stderr).toMatch(words);
  expect(stderr).toMatch(/^\S[^\n]*\.\n$/);
  expect(stderr).not.toMatch(/hunter|Unexpected:|^\s+at /m);
}

describe("help", () => {
  test.each([[["--help"]], [["-h"]], [["help"]], [[]]])("%j lists every command", async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const { words, summary } of commands) expect(stdout).toContain(`  ${words.padEnd(15)} ${summary}\n`);
  });

  test("every command shows its flags, and asks for none of them to do so", async () => {
    const helps = await Promise.all(commands.map(({ words }) => run([...words.split(" "), "--help"])));
    for (const [index, { code, stdout, stderr }] of helps.entries()) {
      const command = commands[index];
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toStartWith(`grimbots ${command?.words}: ${command?.summary}\n`);
      for (const { name, means } of command?.flags ?? []) {
        expect(stdout).toContain(`--${name}`);
        expect(stdout).toContain(means);
      }
      expect(stdout).toContain("--json");
    }
  });

  test("--version is package.json's", async () => {
    expect(await run(["--version"])).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: "" });
  });
});

test.each([
  [["dance"], 'There is no command "dance"; `grimbots --help` lists them.'],
  [["bot"], 'There is no command "bot"'],
  [["serve", "--fast"], "Unknown option '--fast'; see `grimbots serve --help`."],
  [["serve", "now"], "Unexpected argument 'now'; see `grimbots serve --help`."],
  [
    ["serve", "--workers", "tasks,dance"],
    '--workers takes all, none, or some of tasks,webhook,gateway,clock; not "dance".',
  ],
  [["serve", "--processes", "0"], "--processes takes a number from 1 to 64, or auto."],
  [["bot", "add", "--tenant", "1"], "--token is missing; see `grimbots bot add --help`."],
  [["bot", "add", "--tenant", "alice", "--token", "1:x"], "--tenant must be the number"],
  [["bot", "webhook", "--bot", "x"], "--bot must be the number"],
  [["gateway", "close"], "--account is missing; see `grimbots gateway close --help`."],
  [["gateway", "close", "--account", "x"], "--account must be a number that `grimbots gateway list` shows."],
  [["fake-telegram", "--port", "x"], "--port must be a number from 0 to 65535."],
  [["trace"], "--order is missing; see `grimbots trace --help`."],
  [["trace", "x"], "--order must be the number of an order."],
  [["trace", "1", "2"], "Unexpected argument '2'; see `grimbots trace --help`."],
  [["trace", "1", "--order", "1"], "Unexpected argument '1'; see `grimbots trace --help`."],
  [["refund", "--order", "0"], "--order must be the number of an order."],
  [["tenant", "set", "--tenant", "1", "--commission", "50.01"], "--commission must be percent from 0 to 50"],
  [["tenant", "set", "--tenant", "1", "--commission", "2.555"], "--commission must be percent from 0 to 50"],
])("wrong use: %j is one sentence and exit code 2", async (args, sentence) => {
  expectSentence(await run(args), 2, sentence);
});

test.each([
  [["serve"], {}, "Set DATABASE_URL and REDIS_URL, or use --embedded."],
  [["migrate"], {}, "Set DATABASE_URL to the address of PostgreSQL."],
  [
    ["tenant", "add", "--name", "Alice", "--email", "alice@example.com"],
    {},
    "Set DATABASE_URL to the address of PostgreSQL.",
  ],
  [["serve"], services, "Set SECRET_KEY to 32 random bytes in base64 (openssl rand -base64 32)."],
  [["serve"], { ...services, SECRET_KEY: "hunter4" }, "SECRET_KEY must be 32 bytes in base64"],
  [["serve"], { ...services, SECRET_KEY_FILE: "/" }, "SECRET_KEY_FILE must name a file"],
  [["serve"], { PORT: "http" }, "PORT must be a number from 0 to 65535."],
  [["migrate"], { DATABASE_URL: "mysql://alice:hunter2@db/x" }, "DATABASE_URL must be an address that starts with"],
])("settings: %j with %j is one sentence and exit code 2", async (args, env, sentence) => {
  expectSentence(await run(args, { env }), 2, sentence);
});

test.each([
  [["migrate"], "PostgreSQL does not answer at DATABASE_URL (connect ECONNREFUSED 127.0.0.1:1)."],
  [["bot", "add", "--tenant", "1", "--token", "123456:abc"], "PostgreSQL does not answer at DATABASE_URL"],
  [["serve"], "PostgreSQL does not answer at DATABASE_URL"],
])("an unreachable database: %j is one sentence and exit code 1", async (args, sentence) => {
  expectSentence(await run(args, { env: { ...services, SECRET_KEY: key } }), 1, sentence);
});

test("a funnel with problems is told problem by problem", async () => {
  const file = `${import.meta.dir}/../../package.json`;
  const { code, stderr } = await run(["bot", "add", "--tenant", "1", "--token", "123456:abc", "--funnel", file]);
  expect(code).toBe(2);
  expect(stderr).toStartWith("O funil tem problemas:\n- ");
  const missing = await run(["bot", "add", "--tenant", "1", "--token", "123456:abc", "--funnel", "/no/such/file"]);
  expectSentence(missing, 2, "/no/such/file cannot be read as a JSON file.");
});
