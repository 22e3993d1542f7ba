// One Bot API call on its way to its method, and what a method is.

import type { Params, Uploads } from "../params.ts";
import type { Bot, World } from "../state.ts";

/** `request` is there when the call came over HTTP: a long poll watches whether its caller is still there. */
export type Call = {
  world: World;
  bot: Bot;
  token: string;
  params: Params;
  uploads: Uploads;
  request?: Request;
};

/** Answers Telegram's `result`, or throws an ApiFailure. */
export type Method = (call: Call) => unknown;
