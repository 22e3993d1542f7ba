// How a program of the machine is started: a server's under which account, and each so that it ends when we do.
import path from "node:path";
import { type Account, canReach } from "./account.ts";

/** A program ready to be spawned. */
export type Command = { cmd: string[]; env: Record<string, string>; uid?: number; gid?: number };

/** `folders`: what the program must be able to reach. `deathSignal`: what the kernel sends it when our process dies. */
export type Invocation = {
  program: string;
  args: string[];
  folders: string[];
  account: Account | undefined;
  libs?: string | undefined;
  deathSignal: "INT" | "TERM" | "KILL";
};

/**
 * Goes through `setpriv` where that works (util-linux): it ties the server's life to ours, also when we are killed with
 * `kill -9`. Elsewhere (macOS) the server stays behind then, and the next start stops it.
 */
export async function commandFor(invocation: Invocation): Promise<Command> {
  const { program, args, account } = invocation;
  const env = environment(invocation.libs);
  const setpriv = workingSetpriv();
  if (setpriv === undefined) {
    return { cmd: [program, ...args], env, ...(account && { uid: account.uid, gid: account.gid }) };
  }
  const privileges = account === undefined ? [] : await privilegesOf(account, [program, ...invocation.folders]);
  return { cmd: [setpriv, "--pdeathsig", invocation.deathSignal, ...privileges, "--", program, ...args], env };
}

/** Nothing of our own environment: it holds secrets that the servers have no use for. */
function environment(libs: string | undefined): Record<string, string> {
  const plain = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
  return libs === undefined ? plain : { ...plain, LD_LIBRARY_PATH: path.resolve(libs) };
}

async function privilegesOf(account: Account, places: string[]): Promise<string[]> {
  const asAccount = ["--reuid", String(account.uid), "--regid", String(account.gid), "--init-groups"];
  const reachable = await Promise.all(places.map((place) => canReach(account, place)));
  return reachable.every(Boolean) ? asAccount : [...asAccount, ...passClosedFolders];
}

// For a folder under /root, say: the account may pass the folders on the way that are closed to it. Of root's powers it
// gets this one; the secure bit makes access(2), with which initdb looks for its siblings, count it.
const passClosedFolders = [
  ...["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"],
  ...["--securebits", "+no_setuid_fixup"],
];

/** A program that only reads for us, and ends when we are killed, where that can be done. */
export function endingWithUs(command: string[]): string[] {
  const setpriv = workingSetpriv();
  return setpriv === undefined ? command : [setpriv, "--pdeathsig", "TERM", "--", ...command];
}

/** BusyBox has a `setpriv` of the same name without the death signal. */
function workingSetpriv(): string | undefined {
  const setpriv = Bun.which("setpriv");
  if (setpriv === null) return undefined;
  const probe = Bun.spawnSync([setpriv, "--pdeathsig", "TERM", "--", "true"], { stdout: "ignore", stderr: "ignore" });
  return probe.success ? setpriv : undefined;
}
