// The PostgreSQL pool of a process, for the line: SQL in batches. db/tables.ts opens drizzle beside it, for rows one at a time.

import { Socket } from "node:net";
import postgres, { type ISql, type Sql } from "postgres";
import { limits } from "#src/kernel/limits.ts";

/** bigint columns arrive as numbers: all ids stay below 2^53 (Telegram: 52 bits). */
const numericBigint = {
  to: 20,
  from: [20],
  serialize: (value: number) => String(value),
  parse: (value: string) => Number(value),
};

/** An array literal of PostgreSQL; null stays null. */
const serializeArray = (values: readonly unknown[]): string =>
  `{${values.map((value) => (value === null ? "NULL" : `"${String(value).replace(/[\\"]/g, "\\$&")}"`)).join(",")}}`;

/**
 * The arrays that statements here are given: of int8, and of int2, int4, text and timestamptz. postgres.js would read the types from the
 * server whenever a connection is new; the failure of that query rejects a promise that nobody holds, which ends the process
 * (porsager/postgres #1192).
 */
const bigintArray = {
  to: 1016,
  from: [1016],
  serialize: serializeArray,
  parse: (text: string) => text.slice(1, -1).split(",").filter(Boolean).map(Number),
};
const otherArrays = {
  to: 1009,
  from: [1005, 1007, 1009, 1185],
  serialize: serializeArray,
  parse: (text: string) => text,
};

export type Database = Sql<{ bigint: number }>;
/** What statements are written on, inside a transaction or outside. */
export type Transaction = ISql<{ bigint: number }>;

/**
 * Everything here is read by key. A plan made while a table was empty prefers a scan and stays in use when the table is full, and a
 * plan made anew for every batch costs more than running it: so one plan for each statement, and always the one that uses the index.
 */
const ALWAYS_BY_KEY = {
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  jit: "off",
};

/**
 * A connection of postgres.js 3.4.9 that broke while it had something to write leaves its successor mute: what that says is only gathered,
 * until it is more than 1,024 bytes. A greeting of that length is sent at once, and a broken one is soon made anew: 62 ms instead of three
 * times `connect_timeout`.
 */
const PADDING = "x".repeat(1_024);

/**
 * A socket whose end is always told as one without an error. postgres.js 3.4.9 takes its connection out of use only at the end, and after an
 * error it believes that nothing is left to be answered: a statement given to it in between (by whoever tries again at once) would wait
 * for ever. Told of an end without an error it rejects whatever is left.
 */
function openSocket({ path, host: [host], port: [port] }: { path?: string; host: string[]; port: number[] }): Socket {
  const socket = new Socket();
  const emit = socket.emit.bind(socket);
  socket.emit = (event: string, ...values: unknown[]) => emit(event, ...(event === "close" ? [false] : values));
  const write = socket.write.bind(socket) as (...written: unknown[]) => boolean;
  // It connects when it is first written to: by then postgres.js listens for what goes wrong.
  socket.write = (...written: unknown[]) => {
    socket.write = write;
    socket.connect(path ? { path } : { host: host ?? "", port: port ?? 0 });
    return write(...written);
  };
  return Object.assign(socket, { host });
}

/** An option of postgres.js that its types do not name. */
const ownSocket: object = { socket: openSocket };

/**
 * Opens the pool. Connections are made on demand, renewed after half an hour, and come back by themselves after PostgreSQL was away:
 * a query that meets a dead connection rejects, the next one reconnects.
 */
export function connectDatabase(url: string, options: { connections?: number; name?: string } = {}): Database {
  const address = new URL(url);
  // A path that postgres.js takes as an option only: the server's socket file on this machine, faster than TCP.
  const socket = address.searchParams.get("socket");
  address.searchParams.delete("socket");
  return postgres(address.href, {
    ...(socket && { path: socket }),
    ...ownSocket,
    max: options.connections ?? limits.databaseConnections,
    idle_timeout: 0,
    max_lifetime: 30 * 60,
    connect_timeout: 2,
    fetch_types: false,
    types: { bigint: numericBigint, bigintArray, otherArrays },
    // "relation already exists, skipping" and the like are no news.
    onnotice: () => undefined,
    backoff: (attempt) => Math.min(0.05 * 2 ** attempt, 1),
    connection: {
      application_name: options.name ?? "grimbots",
      statement_timeout: 10_000,
      // The line's own statements hold locks for milliseconds; behind anybody else's it gives up, and comes again.
      lock_timeout: 300,
      // Nothing legitimate idles in a transaction for longer than milliseconds.
      idle_in_transaction_session_timeout: 3_000,
      ...ALWAYS_BY_KEY,
      "grimbots.padding": PADDING,
    },
  });
}
