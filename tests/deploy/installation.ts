// install.sh as the tests run it: into a folder of its own, with a systemctl that runs the units' commands for real.

import { appendFile, chmod, cp, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "#src/embedded/free-port.ts";
import { installParts } from "../../deploy/build/copy-install.ts";
import { programIn } from "../binary/program.ts";
import { projectFolder } from "../support/sources.ts";

export type Ran = { code: number; stdout: string; stderr: string };

export type Installation = {
  root: string;
  port: number;
  /** Runs install.sh of a build with `--root` and these options. */
  install(build: string, ...options: string[]): Promise<Ran>;
  /** A build with the program of dist/; `differs` makes its bytes, and so the release, another one. */
  build(name: string, differs?: string): Promise<string>;
  /** A build that says it is `version` and is no program but this shell text, in which $GRIMBOTS is the real one. */
  scriptBuild(name: string, version: string, text: string): Promise<string>;
  /** Runs the program that is in use, with the installed settings. */
  command(...args: string[]): Promise<Ran>;
  /** Starts a command of it that stays up. */
  open(...args: string[]): Bun.Subprocess<"ignore", "pipe", "inherit">;
  /** Asks the fake systemctl for something. */
  systemctl(...words: string[]): Promise<Ran>;
  /** The release that a unit's process runs from. */
  releaseOf(unit: string): Promise<string>;
  releaseInUse(): Promise<string>;
  releases(): Promise<string[]>;
  /** What the fake systemctl was asked since the last time. */
  systemctlCalls(): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
};

const deploy = path.join(projectFolder, "deploy");
const INSTALL_MS = 60_000;

export async function openInstallation(): Promise<Installation> {
  const folder = await mkdtemp(path.join(tmpdir(), "grimbots-install-"));
  const [root, bin] = [path.join(folder, "root"), path.join(folder, "bin")];
  await mkdir(path.join(root, "etc"), { recursive: true });
  await mkdir(bin);
  await symlink(path.join(import.meta.dir, "fake-systemctl"), path.join(bin, "systemctl"));
  const env = { PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`, FAKE_ROOT: root };
  const port = await freePort();
  const calls = path.join(root, "run/units/calls");
  const opt = path.join(root, "opt/grimbots");
  const program = [path.join(opt, "current/install/with-settings.sh"), path.join(opt, "current/grimbots")];
  const settings = { ...env, GRIMBOTS_ETC: path.join(root, "etc/grimbots") };

  async function build(name: string): Promise<string> {
    const place = path.join(folder, name);
    await mkdir(place);
    for (const part of installParts) await cp(path.join(deploy, part), path.join(place, part), { recursive: true });
    return place;
  }

  return {
    root,
    port,
    async build(name, differs = "") {
      const place = await build(name);
      await cp(programIn(), path.join(place, "grimbots"));
      await appendFile(path.join(place, "grimbots"), differs);
      return place;
    },
    async scriptBuild(name, version, text) {
      const place = await build(name);
      const head = `#!/bin/sh\nGRIMBOTS=${programIn()}\nif [ "$1" = --version ]; then echo ${version}; exit; fi\n`;
      await writeFile(path.join(place, "grimbots"), `${head}${text}\n`);
      await chmod(path.join(place, "grimbots"), 0o755);
      return place;
    },
    install: (place, ...options) =>
      run([path.join(place, "install.sh"), "--root", root, "--start", "--ready-within", "20", ...options], env),
    command: (...args) => run([...program, ...args], settings),
    open: (...args) =>
      Bun.spawn([...program, ...args], { env: settings, stdin: "ignore", stdout: "pipe", stderr: "inherit" }),
    systemctl: (...words) => run([path.join(bin, "systemctl"), ...words], env),
    async releaseOf(unit) {
      const pid = (await Bun.file(path.join(root, `run/units/${unit}.pid`)).text()).trim();
      return path.basename(path.dirname(await readlink(`/proc/${pid}/exe`)));
    },
    releaseInUse: async () => path.basename(await readlink(path.join(opt, "current"))),
    releases: async () => (await readdir(path.join(opt, "releases"))).sort(),
    async systemctlCalls() {
      const text = await Bun.file(calls).text();
      await rm(calls);
      return text.trimEnd().split("\n");
    },
    async [Symbol.asyncDispose]() {
      await run([path.join(bin, "systemctl"), "stop", "grimbots.target"], env);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function run(command: string[], env: Record<string, string>): Promise<Ran> {
  const child = Bun.spawn(command, { env, stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: INSTALL_MS });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}
