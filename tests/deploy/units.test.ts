// The systemd units: they are understood without a word of complaint, and what they expose of the system stays small.

import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { settings } from "#src/kernel/config.ts";
import { limits } from "#src/kernel/limits.ts";
import { projectFolder } from "../support/sources.ts";
import { toolPath } from "../support/tools.ts";

const units = path.join(projectFolder, "deploy/systemd");
const services = ["grimbots.service", "grimbots-worker@.service"];
/** systemd's measure, from 0 (nothing) to 10 (all of the system); times ten, as --threshold= takes it. */
const MOST_EXPOSED = 20;

async function analyze(args: string[], cwd = units): Promise<{ code: number; said: string }> {
  const { path: program, env } = toolPath("systemd-analyze");
  const options = { cwd, env: { ...process.env, ...env }, stdout: "pipe", stderr: "pipe" } as const;
  const child = Bun.spawn([program, "--no-pager", ...args], options);
  const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, said: said.join("") };
}

for (const unit of services) {
  test(`${unit} exposes little`, async () => {
    const { code, said } = await analyze(["security", "--offline=true", `--threshold=${MOST_EXPOSED}`, `./${unit}`]);
    expect(said).toContain("Overall exposure level");
    expect(said).not.toContain("Invalid syntax");
    expect({ code, said: code === 0 ? "" : said }).toEqual({ code: 0, said: "" });
  });
}

test("systemd understands every line of them", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "grimbots-units-"));
  await mkdir(path.join(folder, "bin"));
  const program = path.join(folder, "bin/grimbots");
  await writeFile(program, "#!/bin/sh\n", { mode: 0o755 });
  for (const unit of [...services, "grimbots.target"]) {
    const text = await Bun.file(path.join(units, unit)).text();
    // The program is looked for, and it is installed nowhere here.
    await writeFile(path.join(folder, unit), text.replaceAll("/opt/grimbots/current/grimbots", program));
  }
  const named = ["./grimbots.target", "./grimbots.service", "./grimbots-worker@tasks.service"];
  const { said } = await analyze(["verify", ...named], folder);
  // A machine's own units may have faults of their own; those are not ours.
  expect(said.split("\n").filter((line) => line.includes("grimbots"))).toEqual([]);
  await rm(folder, { recursive: true });
});

test("whoever ends gets longer than ending takes", async () => {
  const neededMs = limits.drainMs + limits.handedOverLingerMs + 5_000;
  for (const unit of services) {
    const text = await Bun.file(path.join(units, unit)).text();
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1]) * 1_000).toBeGreaterThan(neededMs);
    // It never gives up for good.
    expect(text).toMatch(/^Restart=always$/m);
    expect(text).toMatch(/^StartLimitIntervalSec=0$/m);
    // Secrets come as files, each of which may be missing.
    const loaded = [...text.matchAll(/^LoadCredential=(\w+):\/etc\/grimbots\/credentials\/\1$/gm)].map(
      ([, name]) => name,
    );
    const defaults = [...text.matchAll(/^SetCredential=(\w+):\\n$/gm)].map(([, name]) => name);
    const secrets = settings.filter((setting) => "isSecret" in setting).map(({ name }) => name.toLowerCase());
    expect(loaded.toSorted()).toEqual(secrets.toSorted());
    expect(defaults).toEqual(loaded);
  }
});
