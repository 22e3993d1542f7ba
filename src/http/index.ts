// LIST of doors, and the server that opens them.

import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { CommandError, RejectedError, reasonOf } from "../kernel/errors.ts";
import { limits } from "../kernel/limits.ts";
import { problem, problemOf } from "./answer.ts";
import { apiDoor } from "./api.ts";
import { deliveryDoor } from "./delivery.ts";
import { healthDoor } from "./health.ts";
import { paymentDoor } from "./payment.ts";
import { telegramDoor } from "./telegram.ts";

export type Server = { port: number; url: string; stop(): Promise<void> };

/** Bun refuses longer bodies itself, before they are in memory; doors that allow less say so with a sentence. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Opens the doors. `isShared`: several processes listen on the same address and port, and the kernel shares the connections out.
 * Throws CommandError when the port is taken.
 */
export function openHttp(app: App, options: { host: string; port: number; isShared?: boolean }): Server {
  const doors = openDoors(app);
  const { host, port, isShared = false } = options;
  try {
    const serve = { maxRequestBodySize: MAX_BODY_BYTES, idleTimeout: limits.socketIdleSeconds, reusePort: isShared };
    doors.listen({ hostname: host, port, ...serve });
  } catch (error) {
    throw new CommandError(
      `Cannot listen on ${host}:${port} (${reasonOf(error)}); set HOST and PORT to an address that is free.`,
    );
  }
  const listening = doors.server?.port ?? port;
  return { port: listening, url: `http://${host}:${listening}`, stop: async () => void (await doors.server?.stop()) };
}

/** LIST of doors. */
function openDoors(app: App) {
  return new Elysia()
    .onError(({ code, error, path }) => {
      if (code === "NOT_FOUND") return problem(new RejectedError(404, "There is nothing at this address."));
      app.log.error({ fact: "http.failed", path, reason: reasonOf(error) }, "a door failed");
      return problemOf(error);
    })
    .use(telegramDoor(app))
    .use(paymentDoor(app))
    .use(deliveryDoor(app))
    .use(apiDoor(app))
    .use(healthDoor(app));
}
