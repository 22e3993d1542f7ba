// The demo from a copy of dist/ alone: what a stranger sees who has nothing but that folder.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, cp, mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { holdFolder } from "#src/embedded/lock.ts";
import { distFolder, emptyFolder, programIn, run } from "./program.ts";

setDefaultTimeout(60_000);

let home: Awaited<ReturnType<typeof emptyFolder>>;
let folder: string;
let cwd: string;

beforeAll(async () => {
  programIn();
  home = await emptyFolder();
  await chmod(home.path, 0o711);
  folder = path.join(home.path, "dist");
  cwd = path.join(home.path, "work");
  await cp(distFolder, folder, { recursive: true, verbatimSymlinks: true });
  await mkdir(cwd);
});
afterAll(() => home[Symbol.asyncDispose]());

test("demo --once plays a sale to its delivery, says what came back, and ends well", async () => {
  const { code, stdout, stderr } = await run(["demo", "--once"], { folder, cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const said = [...stdout.matchAll(/^ {2}(Alice|Bob|bot): (.*)$/gm)].map(([, who, words]) => `${who}: ${words}`);
  expect(said.filter((line) => !line.startsWith("bot:"))).toEqual([
    ...["Alice: /start", "Bob: /start promo-verao", "Alice: [Como funciona?]", "Alice: Quanto tempo leva por dia?"],
    ...["Alice: [🌿 Quero o guia - R$ 19,90]", "Alice: (paga o PIX no app do banco)"],
  ]);
  // An answer to each, and behind the last one the rest of what was bought.
  const answers = said.filter((line) => line.startsWith("bot:"));
  expect(answers.length).toBe(10);
  expect(answers.at(-1)).toContain("/delivery/");
  expect(stdout.match(/— \d+\.\d ms until the answer left$/gm)?.length).toBe(6);
  expect(await readdir(cwd)).toEqual(["data"]);
});

test("demo --once --json, on the data of the run before, prints one object", async () => {
  const { code, stdout, stderr } = await run(["demo", "--once", "--json"], { folder, cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^\{[^\n]*\}\n$/);
  const { answered, delivered, exchanges } = JSON.parse(stdout);
  expect({ answered, delivered }).toEqual({ answered: true, delivered: true });
  expect(exchanges.map(({ ms }: { ms: unknown }) => typeof ms)).toEqual(Array(6).fill("number"));
});

test("a folder that another one uses is told in one sentence", async () => {
  const held = path.join(cwd, "data");
  using _lock = holdFolder(held);
  const { code, stderr } = await run(["demo", "--once"], { folder, cwd });
  expect(code).toBe(1);
  expect(stderr).toBe(`Another grimbots already uses ${held}: stop it, or choose another DATA_DIR.\n`);
});
