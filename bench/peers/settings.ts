// What a peer is told at its start: a JSON file whose path is its only argument.

import type { BenchBot } from "../start-request.ts";

/** `photo`: the file_id under which this bot sends the welcome's photo. */
export type PeerBot = BenchBot & { photo: string };

export type ProfileBy = "job" | "commit";

export type PeerSettings = {
  port: number;
  /** The fake Telegram. */
  apiRoot: string;
  redisUrl: string;
  /** `host`: the folder of PostgreSQL's unix socket, or an address; pg and postgres.js take both. */
  database: { host: string; port: number; user: string; password: string; database: string };
  bots: PeerBot[];
  /** How grammy-hono saves what Telegram says of a person: by a job of its own, or in the commit that keeps the update. */
  profileBy: ProfileBy;
};
