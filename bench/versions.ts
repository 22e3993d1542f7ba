// What a result was measured on.

import { cpus, totalmem } from "node:os";
import { Redis } from "ioredis";
import packageJson from "../package.json" with { type: "json" };
import type { Stage } from "./stage.ts";

export type Versions = {
  grimbots: string;
  bun: string;
  postgres: string;
  /** Whether a commit waits for the disk: "on", "on". */
  fsync: string;
  synchronousCommit: string;
  redis: string;
  /** Whether Redis writes its commands to a file: "1". */
  redisAof: string;
  system: string;
  cores: number;
  cpu: string;
  memoryBytes: number;
};

export async function readVersions({ sql, redisUrl }: Pick<Stage, "sql" | "redisUrl">): Promise<Versions> {
  const [postgres] = await sql<{ version: string; fsync: string; commit: string }[]>`
    SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
      current_setting('synchronous_commit') AS commit`;
  return {
    grimbots: packageJson.version,
    bun: Bun.version,
    postgres: postgres?.version ?? "unknown",
    fsync: postgres?.fsync ?? "unknown",
    synchronousCommit: postgres?.commit ?? "unknown",
    ...(await readRedis(redisUrl)),
    system: `${process.platform} ${process.arch}`,
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? "unknown",
    memoryBytes: totalmem(),
  };
}

/** For people: two lines. */
export function versionsText(versions: Versions): string {
  const { grimbots, bun, postgres, fsync, synchronousCommit, redis, redisAof, system, cores, cpu } = versions;
  return `
grimbots ${grimbots}, Bun ${bun}, PostgreSQL ${postgres} (fsync ${fsync}, synchronous_commit ${synchronousCommit}), Redis ${redis} (AOF ${redisAof === "1" ? "on" : "off"})
${cores} cores ${cpu}, ${system}
`;
}

async function readRedis(url: string): Promise<Pick<Versions, "redis" | "redisAof">> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    const facts = `${await redis.info("server")}${await redis.info("persistence")}`;
    const fact = (name: string): string => new RegExp(`^${name}:(.+?)\\r?$`, "m").exec(facts)?.[1] ?? "unknown";
    return { redis: fact("redis_version"), redisAof: fact("aof_enabled") };
  } finally {
    redis.disconnect();
  }
}
