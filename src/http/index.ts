// LIST of doors, and the server that opens them.

import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { RejectedError, reasonOf } from "../kernel/errors.ts";
import { problem, problemOf } from "./answer.ts";
import { apiDoor } from "./api.ts";
import { deliveryDoor } from "./delivery.ts";
import { healthDoor } from "./health.ts";
import { listen, type Place, type Server } from "./listen.ts";
import { countRequest } from "./measured.ts";
import { paymentDoor } from "./payment.ts";
import { telegramDoor } from "./telegram.ts";

export type { Server };

/** Opens the doors. Throws CommandError when the port is taken. */
export const openHttp = (app: App, place: Place): Server => listen(openDoors(app), place);

/** LIST of doors. */
function openDoors(app: App) {
  return (
    new Elysia()
      .onError(({ code, error, request, route }) => {
        const isNowhere = code === "NOT_FOUND";
        const answer = isNowhere
          ? problem(new RejectedError(404, "There is nothing at this address."))
          : problemOf(error);
        // Never the address itself: it may hold a token.
        if (!isNowhere) app.log.error({ fact: "http.failed", route, reason: reasonOf(error) }, "a door failed");
        countRequest(request.method, isNowhere ? "none" : route, answer.status);
        return answer;
      })
      .use(telegramDoor(app))
      // Those that follow are counted here.
      .derive(() => ({ beganMs: performance.now() }))
      .onAfterHandle(({ request, route, response, beganMs }) =>
        countRequest(request.method, route, response instanceof Response ? response.status : 200, beganMs),
      )
      .use(paymentDoor(app))
      .use(deliveryDoor(app))
      .use(apiDoor(app))
      .use(healthDoor(app))
  );
}
