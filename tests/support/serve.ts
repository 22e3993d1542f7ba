// The program itself as a process of its own, for stories in which it is killed.

import path from "node:path";
import { type Door, testSecretKey, type World } from "./world.ts";

export type Child = Door & {
  /** Ends it as a power cut would; resolves when it is gone, and with it all that it had under way in PostgreSQL. */
  kill(): Promise<void>;
};

const MAIN = path.join(import.meta.dir, "../../src/main.ts");

/** Starts `grimbots serve` on the world's services. It is not ready yet when this returns: whoever posts tries again. */
export function startServe(world: World, port: number): Child {
  const child = Bun.spawn([process.execPath, MAIN, "serve"], {
    env: {
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: ownDatabase(world.redisUrl),
      TELEGRAM_API_ROOT: world.fake.url,
      SECRET_KEY: testSecretKey,
      PORT: String(port),
      LOG_LEVEL: "fatal",
    },
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  return {
    http: { url: `http://127.0.0.1:${port}` },
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** The program's own queues have no prefix of this world: they get a numbered database of Redis for themselves. */
function ownDatabase(redisUrl: string): string {
  const url = new URL(redisUrl);
  url.pathname = "/9";
  return url.href;
}
