// The compiled program as the tests run it: dist/grimbots, with an environment and a folder of its own, ended with the test.

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { projectFolder } from "../support/sources.ts";

export const distFolder = path.join(projectFolder, "dist");

/** Everything a program sees of the machine: nothing of the environment in which the tests run. */
export type Surroundings = {
  env?: Record<string, string>;
  cwd?: string;
  stdin?: string;
  folder?: string;
  /** What it inherits as its descriptor 3. */
  fd?: number;
};

export type Ran = { code: number; stdout: string; stderr: string };

const RUN_MS = 60_000;
const END_MS = 20_000;

/** The program's path; says what to do when it was never built. */
export function programIn(folder = distFolder): string {
  const program = path.join(folder, "grimbots");
  if (!existsSync(program)) throw new Error(`${program} is missing: run \`npm run build\`, then the tests again.`);
  return program;
}

/** Runs a command to its end, within a minute. */
export async function run(args: string[], surroundings: Surroundings = {}): Promise<Ran> {
  const { stdin = "" } = surroundings;
  const child = Bun.spawn([programIn(surroundings.folder), ...args], {
    ...placeOf(surroundings),
    stdin: new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
    timeout: RUN_MS,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}

export type Started = {
  pid: number;
  /** All that it and its children have written so far. */
  text(): string;
  /** Its log lines that tell this fact, in order. */
  facts(fact: string): Record<string, unknown>[];
  /** Its exit code, once it has ended. */
  exited: Promise<number>;
  kill(signal: NodeJS.Signals): void;
  [Symbol.asyncDispose](): Promise<void>;
};

const started = new Set<Started>();

/** Starts a command that stays up. Whatever becomes of the test, `endStarted` after the last one of the file ends it. */
export function start(args: string[], surroundings: Surroundings = {}): Started {
  const child = Bun.spawn([...diesWithUs(), programIn(surroundings.folder), ...args], {
    ...placeOf(surroundings),
    stdio: ["ignore", "pipe", "pipe", ...(surroundings.fd === undefined ? [] : [surroundings.fd])],
  });
  let text = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) text += decoder.decode(bytes, { stream: true });
  };
  const reading = Promise.all([read(child.stdout), read(child.stderr)]);
  const one: Started = {
    pid: child.pid,
    text: () => text,
    facts: (fact) => factsIn(text).filter((line) => line.fact === fact),
    exited: reading.then(() => child.exited),
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      started.delete(one);
      child.kill("SIGTERM");
      const killing = setTimeout(() => child.kill("SIGKILL"), END_MS);
      await child.exited;
      clearTimeout(killing);
    },
  };
  started.add(one);
  return one;
}

/** For `afterAll`: ends what a test that failed or ran out of time has left running. */
export async function endStarted(): Promise<void> {
  await Promise.all([...started].map((one) => one[Symbol.asyncDispose]()));
}

/** An empty folder, removed when disposed. Others may pass through it: the embedded servers have an account of their own. */
export async function emptyFolder(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), "grimbots-binary-"));
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Where the kernel can do it, a run of the tests that is killed takes its programs with it. */
function diesWithUs(): string[] {
  const setpriv = process.platform === "linux" ? Bun.which("setpriv") : null;
  return setpriv === null ? [] : [setpriv, "--pdeathsig", "TERM", "--"];
}

function placeOf({ env = {}, cwd = tmpdir() }: Surroundings) {
  return { cwd, env: { PATH: "/usr/bin:/bin", ...env } };
}

/** The lines that are whole and JSON. */
function factsIn(text: string): Record<string, unknown>[] {
  const lines = text.split("\n").slice(0, -1);
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Record<string, unknown>);
}
