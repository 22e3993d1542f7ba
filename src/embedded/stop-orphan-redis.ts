// Ends a Redis that an earlier run of ours left on the same folder: two of them would write the same file.
import { readFile } from "node:fs/promises";
import type { NetConnectOpts } from "node:net";
import { CommandError } from "../kernel/errors.ts";
import { askRedis } from "./ask-redis.ts";
import { retry } from "./retry.ts";

const stopPace = { firstMs: 10, longestMs: 200, withinMs: 10_000 };

/** `config`: the settings that the last run wrote; `socket`: where it listens, if it could have one. */
export type RedisPlace = { config: string; socket: string | undefined; password: string };

/**
 * Call only while holding the folder. Who listens on the folder's own socket (without one: on the port of the last
 * settings) and takes the folder's password is the server of this folder; anybody else is left alone.
 */
export async function stopOrphanRedis(place: RedisPlace): Promise<void> {
  const address = await lastAddress(place);
  const login = `AUTH ${place.password}`;
  const isOurs = async () => address !== undefined && (await askRedis(address, [login])).startsWith("+OK");
  if (address === undefined || !(await isOurs())) return;
  // SHUTDOWN writes the append-only file to the disk first.
  await askRedis(address, [login, "SHUTDOWN"]);
  const ended = await retry(stopPace, async () => ((await isOurs()) ? undefined : "ended"));
  if (ended === undefined)
    throw new CommandError(`Redis of an earlier run (${place.config}) does not stop: end it by hand.`);
}

async function lastAddress({ config, socket }: RedisPlace): Promise<NetConnectOpts | undefined> {
  if (socket !== undefined) return { path: socket };
  if (!(await Bun.file(config).exists())) return undefined;
  const port = Number(/^port (\d+)$/m.exec(await readFile(config, "utf8"))?.[1]);
  return port > 0 ? { host: "127.0.0.1", port } : undefined;
}
