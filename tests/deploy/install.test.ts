// install.sh from a bare folder to its removal: once, again, upgraded, taken back, refused; a seller added at the start is there at the end.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { Glob } from "bun";
import { connectDatabase } from "#db/connect.ts";
import { schemaVersion } from "#db/migrate.ts";
import { settings } from "#src/kernel/config.ts";
import { services } from "../support/services.ts";
import { type Installation, openInstallation } from "./installation.ts";

setDefaultTimeout(60_000);

let one: Installation;
let first: string;
let second: string;
let databaseUrl: string;
let secondRelease: string;
const file = (...names: string[]) => path.join(one.root, ...names);
const modeOf = async (...names: string[]) => ((await stat(file(...names))).mode & 0o777).toString(8);
const readyStatus = async () => (await fetch(`http://127.0.0.1:${one.port}/ready`)).status;

beforeAll(async () => {
  one = await openInstallation();
  first = await one.build("first");
  second = await one.build("second", "another build of the same version");
  databaseUrl = await emptyDatabase();
});
afterAll(async () => {
  await one[Symbol.asyncDispose]();
});

test("what cannot be done is one sentence, and nothing is made", async () => {
  const sentences: [string[], number, string][] = [
    [["--upgrade"], 1, "nothing is installed yet: run this without --upgrade."],
    [["--with-services"], 2, "--with-services works on the system itself: run this in it with chroot."],
    [["--from", "/nowhere"], 1, "the folder of --from does not exist."],
    [
      ["--from", one.root],
      1,
      `there is no build in ${one.root} (grimbots is missing): run \`npm run build\`, and this from dist/.`,
    ],
    [["--port"], 2, "--port needs a value; see --help."],
    [["--public-url", "http://bots.example.com"], 2, "--public-url takes an address that starts with https://."],
    [["--faster"], 2, "there is no option --faster; see --help."],
  ];
  for (const [options, code, sentence] of sentences)
    expect(await one.install(first, ...options)).toEqual({ code, stdout: "", stderr: `install.sh: ${sentence}\n` });
  using taken = Bun.listen({ hostname: "127.0.0.1", port: one.port, socket: { data() {} } });
  const { code, stderr } = await one.install(first, "--port", String(taken.port));
  expect([code, stderr]).toEqual([
    1,
    `install.sh: port ${taken.port} is taken by another program: stop that, or choose another port with --port.\n`,
  ]);
  expect(existsSync(file("opt"))).toBe(false);
});

test("a first run makes everything but what only the operator knows, and says what that is", async () => {
  const { code, stdout, stderr } = await one.install(first, "--port", String(one.port));
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("Not started yet: write the addresses (database_url redis_url ) into files of these names");
  expect(await one.releaseInUse()).toBe("0.1.0");
  expect(Buffer.from(await readFile(file("etc/grimbots/credentials/secret_key"), "utf8"), "base64").length).toBe(32);
  expect(await modeOf("etc/grimbots/grimbots.env")).toBe("600");
  expect(await modeOf("etc/grimbots/credentials")).toBe("700");
  expect(await modeOf("etc/grimbots/credentials/secret_key")).toBe("600");
  const kept = await readFile(file("etc/grimbots/grimbots.env"), "utf8");
  for (const { name } of settings) expect(kept).toMatch(new RegExp(`^#?${name}=`, "m"));
  expect(kept).toContain(`\nPORT=${one.port}\n`);
});

test("with the addresses it migrates, starts and waits until it is ready; after that there is nothing to do", async () => {
  const { redisUrl } = await services();
  await writeFile(file("etc/grimbots/credentials/database_url"), databaseUrl, { mode: 0o600 });
  await writeFile(file("etc/grimbots/credentials/redis_url"), redisUrl, { mode: 0o600 });
  const { code, stdout } = await one.install(first);
  expect([code, stdout]).toEqual([0, expect.stringContaining("  + running and ready\n")]);
  expect(stdout).toContain(`  + database: Schema ${schemaVersion}: applied init`);
  expect(await readyStatus()).toBe(200);
  const added = await one.command("tenant", "add", "--name", "Alice", "--email", "alice@example.com", "--json");
  expect(added).toMatchObject({ code: 0, stderr: "" });

  const before = await contents();
  await one.systemctlCalls();
  const again = await one.install(first);
  expect([again.code, again.stdout]).toEqual([
    0,
    expect.stringContaining("\nNothing to do: everything is in place.\n"),
  ]);
  expect(again.stdout).not.toContain("  + ");
  expect(await contents()).toEqual(before);
  const asked = (await one.systemctlCalls()).map((call) => call.split(" ")[0]);
  expect([...new Set(asked)].sort()).toEqual(["is-active", "is-enabled"]);
});

test("an upgrade takes the place of the release before it, workers of one's own included; who reads the log goes on", async () => {
  const own = "grimbots-worker@all.service";
  await one.systemctl("start", own);
  const log = file("run/units/grimbots.service.log");
  const reader = one.open("logs", log, "--follow");
  await reader.stdout.getReader().read();
  const refused = await one.install(second);
  expect(refused.stderr).toMatch(
    /^install.sh: 0\.1\.0 is installed: use --upgrade to take 0\.1\.0-[0-9a-f]{8} into use\.\n$/,
  );
  const { code, stdout, stderr } = await one.install(second, "--upgrade");
  expect([code, stderr]).toEqual([0, ""]);
  secondRelease = await one.releaseInUse();
  expect(secondRelease).toMatch(/^0\.1\.0-[0-9a-f]{8}$/);
  expect(stdout).toContain(`  + ${secondRelease} took over from 0.1.0 and is ready\n`);
  expect(await readyStatus()).toBe(200);
  expect([await one.releaseOf(own), reader.exitCode]).toEqual([secondRelease, null]);
  reader.kill();
  await one.systemctl("stop", own);
  expect(await one.releases()).toEqual(["0.1.0", secondRelease]);
  const again = await one.install(second, "--upgrade");
  expect(again.stdout).toContain("Nothing to do");
});

test("a release that does not become ready makes room for the one before it; one without a way back is not begun", async () => {
  const broken = await one.scriptBuild("broken", "9.9.9", '[ "$1" = serve ] && exit 1; exec "$GRIMBOTS" "$@"');
  const { code, stderr } = await one.install(broken, "--upgrade", "--ready-within", "1");
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(
      /^install.sh: 9\.9\.9 did not become ready \(.+\); 0\.1\.0-[0-9a-f]{8} is back and ready\.\n$/,
    ),
  ]);
  expect(await one.releaseInUse()).toBe(secondRelease);
  expect(await readyStatus()).toBe(200);

  const plan = { program: 99, before: {}, pending: ["drop"], after: { version: 99, oldestProgram: 99 } };
  const narrow = await one.scriptBuild("narrow", "9.9.10", `echo '${JSON.stringify(plan)}'`);
  const before = await contents();
  const refused = await one.install(narrow, "--upgrade");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/ cannot run on the schema of 9\.9\.10, .* nothing was changed; .*\n$/);
  expect(await contents()).toEqual(before);
  expect(await one.releases()).toEqual(["0.1.0", secondRelease]);
});

test("uninstalling keeps settings, key and data; purging says what it deletes first", async () => {
  const before = await contents();
  const { code, stdout } = await one.install(first, "--uninstall");
  expect([code, stdout]).toEqual([0, expect.stringContaining("Kept: ")]);
  expect([existsSync(file("opt/grimbots")), existsSync(file("usr/local/bin/grimbots"))]).toEqual([false, false]);
  expect(await contents()).toEqual(before.filter((line) => !line.includes("/systemd/")));
  await expect(readyStatus()).rejects.toThrow();

  const sql = connectDatabase(databaseUrl, { connections: 1 });
  expect((await sql`SELECT name FROM tenant`).map(({ name }) => name)).toEqual(["Alice"]);
  await sql.end();

  const asked = await one.install(first, "--uninstall", "--purge");
  expect([asked.code, asked.stdout]).toEqual([2, expect.stringContaining("Nothing was touched: add --yes to go on.")]);
  expect(await contents()).not.toEqual([]);
  expect((await one.install(first, "--uninstall", "--purge", "--yes")).code).toBe(0);
  expect([existsSync(file("etc/grimbots")), existsSync(file("var/lib/grimbots"))]).toEqual([false, false]);
});

/** The address of a database that no migration has seen. */
async function emptyDatabase(): Promise<string> {
  const address = new URL(await (await services()).createDatabase());
  const admin = connectDatabase(address.href, { connections: 1 });
  address.pathname += "_empty";
  await admin.unsafe(`CREATE DATABASE ${address.pathname.slice(1)} TEMPLATE template0`);
  await admin.end();
  return address.href;
}

/** Everything below etc/ with its checksum and when it was written, so that a file written anew with the same text shows. */
async function contents(): Promise<string[]> {
  const names = await Array.fromAsync(new Glob("etc/**/*").scan({ cwd: one.root, onlyFiles: true, dot: true }));
  const lines = names.map(async (name) => {
    const { mtimeMs } = await stat(file(name));
    return `${name} ${mtimeMs} ${Bun.hash(await readFile(file(name)))}`;
  });
  return (await Promise.all(lines)).sort();
}
