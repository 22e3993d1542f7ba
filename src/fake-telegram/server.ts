// The fake Telegram: a Bot API server on its own, with a control under /_/ for tests, the demo and benchmarks.

import { answerCall, executeAnswer, failureResponse } from "./answer-call.ts";
import { ApiFailure } from "./api-failure.ts";
import { createControl, type FakeTelegramControl } from "./control.ts";
import { createControlRoutes } from "./control-routes.ts";
import { contentOf } from "./media.ts";
import { botByToken, createWorld, resetWorld, type World } from "./state.ts";
import { realTimeline, type Timeline } from "./timeline.ts";

export type FakeTelegramOptions = {
  /** 0 = any free one. Defaults to 0. */
  port?: number;
  /** Defaults to 127.0.0.1. */
  host?: string;
  /** Dates, lifetimes and the retry schedule follow it. Defaults to the real clock. */
  timeline?: Timeline;
  /** Gives numbers in [0, 1). Defaults to Math.random. */
  random?: () => number;
  /** How long a webhook may take to answer, in real time. Defaults to Telegram's 60,000. */
  responseTimeoutMs?: number;
  /** Calls kept whole for /_/calls. Defaults to 100,000. */
  callCapacity?: number;
  /** Sends kept as numbers for /_/sends. Defaults to 4,000,000, about 100 MB once full. */
  sendCapacity?: number;
  /** Messages kept for edits, replies and taps, over all chats. Defaults to 100,000. */
  messageCapacity?: number;
};

export type FakeTelegram = {
  /** Without a slash at the end: the API root of a bot client. */
  url: string;
  port: number;
  control: FakeTelegramControl;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Telegram takes uploads up to 50 MB. */
const BODY_MAX_BYTES = 52 * 1024 * 1024;

/** Rejects when the port is taken. */
export async function startFakeTelegram(options: FakeTelegramOptions = {}): Promise<FakeTelegram> {
  const world = createWorld(
    {
      timeline: options.timeline ?? realTimeline(),
      random: options.random ?? Math.random,
      responseTimeoutMs: options.responseTimeoutMs ?? 60_000,
      callCapacity: options.callCapacity ?? 100_000,
      sendCapacity: options.sendCapacity ?? 4_000_000,
      messageCapacity: options.messageCapacity ?? 100_000,
    },
    executeAnswer,
  );
  const control = createControl(world);
  const controlRoutes = createControlRoutes(control);
  const server = Bun.serve({
    port: options.port ?? 0,
    hostname: options.host ?? "127.0.0.1",
    // Long polls and hanging calls are silent for longer than Bun would bear.
    idleTimeout: 0,
    maxRequestBodySize: BODY_MAX_BYTES,
    development: false,
    // Without this, `development: false` lets a second server share a taken port, and each gets half of the calls.
    reusePort: false,
    fetch: (request) => route(world, request, controlRoutes),
  });
  const port = server.port ?? 0;
  return {
    url: `http://${options.host ?? "127.0.0.1"}:${port}`,
    port,
    control,
    async [Symbol.asyncDispose]() {
      resetWorld(world);
      await server.stop(true);
    },
  };
}

type ControlRoutes = ReturnType<typeof createControlRoutes>;

/** Cuts the address by hand: parsing it whole would cost as much as the rest of a send. */
function route(world: World, request: Request, controlRoutes: ControlRoutes): Response | Promise<Response> {
  const { url } = request;
  const pathAt = url.indexOf("/", url.indexOf("//") + 2);
  const queryAt = url.indexOf("?", pathAt);
  const pathEnd = queryAt < 0 ? url.length : queryAt;
  if (url.startsWith("/bot", pathAt)) {
    const slash = url.indexOf("/", pathAt + 1);
    if (slash > 0 && slash < pathEnd) {
      const token = decode(url.slice(pathAt + "/bot".length, slash));
      const query = queryAt < 0 ? "" : url.slice(queryAt + 1);
      return answerCall(world, request, token, url.slice(slash + 1, pathEnd), query);
    }
  }
  if (url.startsWith("/_/", pathAt)) return controlRoutes(request);
  if (url.startsWith("/file/bot", pathAt)) return download(world, url.slice(pathAt + "/file/bot".length, pathEnd));
  return failureResponse(new ApiFailure(404, "Not Found"));
}

/** Some clients send the colon of a token as %3A. */
function decode(token: string): string {
  return token.includes("%") ? token.replace(/%3a/gi, ":") : token;
}

/** `rest`: the token, a slash, the file_path that getFile gave. */
function download(world: World, rest: string): Response {
  const slash = rest.indexOf("/");
  const bot = botByToken(world, decode(rest.slice(0, slash)));
  if (!bot) return failureResponse(new ApiFailure(401, "Unauthorized"));
  const media = bot.files.byPath.get(rest.slice(slash + 1));
  if (!media) return failureResponse(new ApiFailure(404, "Not Found"));
  return new Response(contentOf(media).slice(), { headers: { "content-type": "application/octet-stream" } });
}
