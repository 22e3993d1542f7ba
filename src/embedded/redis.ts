// The private Redis of one data folder: its settings, and how it is started.
import { chown, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Account, giveFolder } from "./account.ts";
import { askRedis } from "./ask-redis.ts";
import { commandFor } from "./command.ts";
import { type Kept, keepRunning } from "./keep-running.ts";
import { startServer } from "./server.ts";
import { socketPath } from "./socket-path.ts";
import { stopOrphanRedis } from "./stop-orphan-redis.ts";

/** `dataDir` is the folder of all embedded services; `libs` the libraries that came with `program`. */
export type RedisPlan = {
  program: string;
  libs: string | undefined;
  dataDir: string;
  password: string;
  account: Account | undefined;
  log(line: string): void;
};

/** `url` names TCP's address and, as ioredis reads it, the unix socket in `?path=`: about a third faster. */
export type Redis = Kept & { url: string };

/** Starts Redis on `dataDir/redis` and keeps it running until disposed. */
export async function openRedis(plan: RedisPlan): Promise<Redis> {
  const { account, password } = plan;
  const folder = path.join(plan.dataDir, "redis");
  const config = path.join(folder, "redis.conf");
  const socket = socketPath(folder, "redis.sock");
  await mkdir(folder, { mode: 0o700, recursive: true });
  await giveFolder(folder, account);
  const kept = await keepRunning({ name: "Redis", start, log: plan.log });
  const url = `redis://:${password}@127.0.0.1:${kept.port}/0`;
  return Object.assign(kept, { url: socket === undefined ? url : `${url}?path=${encodeURIComponent(socket)}` });

  async function start(port: number) {
    const address = socket === undefined ? { host: "127.0.0.1", port } : { path: socket };
    await stopOrphanRedis({ config, socket, password });
    await writeFile(config, settings({ port, password, folder, socket }), { mode: 0o600 });
    if (account !== undefined) await chown(config, account.uid, account.gid);
    const { program, libs } = plan;
    return startServer({
      name: "Redis",
      command: await commandFor({ program, args: [config], folders: [folder], account, libs, deathSignal: "TERM" }),
      stopSignals: ["SIGTERM", "SIGKILL"],
      logPath: path.join(folder, "redis.log"),
      isReady: async () => (await askRedis(address, [`AUTH ${password}`, "PING"])).includes("+PONG"),
    });
  }
}

type Settings = { port: number; password: string; folder: string; socket: string | undefined };

/** In a file, not on the command line: the password is in it. */
function settings({ port, password, folder, socket }: Settings): string {
  return [
    "bind 127.0.0.1",
    `port ${port}`,
    ...(socket === undefined ? [] : [`unixsocket ${JSON.stringify(socket)}`, "unixsocketperm 700"]),
    `requirepass ${password}`,
    `dir ${JSON.stringify(folder)}`,
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    // BullMQ's jobs must not be thrown away to make room.
    "maxmemory-policy noeviction",
    "",
  ].join("\n");
}
