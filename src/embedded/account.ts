// Which account the servers run under when we are root: PostgreSQL refuses to run as root.
import { chown, lchown, readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { CommandError } from "../kernel/errors.ts";

/** An existing account of the machine; none is ever created. */
export type Account = { name: string; uid: number; gid: number };

const preferred = ["postgres", "nobody"];

/** The account for the servers; undefined when we are an ordinary user ourselves and they simply run as we do. */
export async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = (await readFile("/etc/passwd", "utf8")).split("\n").map(readAccount);
  for (const name of preferred) {
    const account = accounts.find((each) => each.name === name);
    if (account !== undefined) return account;
  }
  throw new CommandError(
    "PostgreSQL cannot run as root, and there is no user postgres or nobody: run as an ordinary user.",
  );
}

function readAccount(line: string): Account {
  const [name = "", , uid, gid] = line.split(":");
  return { name, uid: Number(uid), gid: Number(gid) };
}

/** Gives a folder and all that is in it to the account, unless it is the account's already. */
export async function giveFolder(folder: string, account: Account | undefined): Promise<void> {
  const owner = (await stat(folder)).uid;
  if (account === undefined) {
    if (owner === process.getuid?.()) return;
    throw new CommandError(`${folder} belongs to another user: run as that user, or choose another DATA_DIR.`);
  }
  if (owner === account.uid) return;
  for (const name of await readdir(folder, { recursive: true })) {
    await lchown(path.join(folder, name), account.uid, account.gid);
  }
  // Last, so that a crash in the middle is seen by the check above and done again.
  await chown(folder, account.uid, account.gid);
}

/** May the account reach this path, judged by the mode bits of every folder on the way? */
export async function canReach(account: Account, target: string): Promise<boolean> {
  for (let place = target; ; place = path.dirname(place)) {
    const { mode, uid, gid } = await stat(place);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (place === path.dirname(place)) return true;
  }
}
