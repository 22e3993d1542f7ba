// Has PostgreSQL connections and disk left, and do the clocks agree? That it does not answer at all is seen by whoever asks (monitor.ts).

import { isIP } from "node:net";
import { percentText, type Seen } from "./look.ts";
import type { Readings } from "./readings.ts";

const MANY_CONNECTIONS = 0.8;
/** A disk is nearly full below a tenth, when that is also little; and always below a gigabyte. */
const FREE_SHARE = 0.1;
const FREE_BYTES = 20e9;
const FREE_LEAST_BYTES = 1e9;
const SKEW_MS = 2_000;
/** Telegram's Date header counts whole seconds. */
const DATE_STEP_MS = 1_000;
/** Where Debian keeps the data, for a role that may not ask PostgreSQL for the folder. */
const DEBIAN_FOLDER = "/var/lib/postgresql";

const one = (sentence: string): Seen => ({ things: [], total: 1, sentence });

export async function databaseConnections({ sql }: Readings): Promise<Seen> {
  const [row] = await sql<{ used: number; most: number }[]>`
    SELECT (SELECT sum(numbackends) FROM pg_stat_database)::int AS used,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most`;
  const { used, most } = row ?? { used: 0, most: 1 };
  if (used <= most * MANY_CONNECTIONS) return "fine";
  return one(`O PostgreSQL está com ${used} de ${most} conexões em uso (${percentText(used / most)}).`);
}

/** A block that could not be written; or, where the server is on this machine, how much room its disk has. */
export async function databaseDisk(readings: Readings): Promise<Seen> {
  if (readings.diskIsFull()) return one("O PostgreSQL não consegue gravar: o disco dele está cheio (erro 53100).");
  const folder = await dataFolder(readings);
  const room = folder === undefined ? undefined : await readings.roomOn(folder);
  if (!room) return "fine";
  const { free, total } = room;
  if (free >= FREE_LEAST_BYTES && (free >= total * FREE_SHARE || free >= FREE_BYTES)) return "fine";
  const gigabytes = (free / 1e9).toFixed(1).replace(".", ",");
  return one(`Restam ${gigabytes} GB (${percentText(free / total)}) no disco do PostgreSQL.`);
}

/** Undefined when the server is on another machine. */
async function dataFolder({ sql }: Readings): Promise<string | undefined> {
  const [row] = await sql<{ address: string | null; folder: string | null }[]>`
    SELECT host(inet_server_addr()) AS address,
      CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') END AS folder`;
  const address = row?.address ?? "127.0.0.1";
  const isHere = address === "::1" || (isIP(address) === 4 && address.startsWith("127."));
  return isHere ? (row?.folder ?? DEBIAN_FOLDER) : undefined;
}

/** Ours against PostgreSQL's, and against Telegram's where that is known. */
export async function clockSkew({ sql, machineNow, telegramSkewMs }: Readings): Promise<Seen> {
  const beforeMs = machineNow().getTime();
  const [row] = await sql<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
  const ownMs = (beforeMs + machineNow().getTime()) / 2;
  const skews = [
    { from: "PostgreSQL", ms: row ? ownMs - row.now.getTime() : 0, mayBeMs: SKEW_MS },
    { from: "Telegram", ms: telegramSkewMs() ?? 0, mayBeMs: SKEW_MS + DATE_STEP_MS },
  ].filter(({ ms, mayBeMs }) => Math.abs(ms) > mayBeMs);
  if (skews.length === 0) return "fine";
  const says = skews.map(({ from, ms }) => {
    const seconds = (Math.abs(ms) / 1_000).toFixed(1).replace(".", ",");
    return `${seconds} s ${ms > 0 ? "adiantado" : "atrasado"} em relação ao ${from}`;
  });
  return one(`O relógio desta máquina está ${says.join(" e ")}.`);
}
