// Posts to one webhook over its own keep-alive connections. Not fetch: that stops at 256 requests for the whole
// process, fewer than three bots with max_connections 100 may have under way.

import { reasonOf } from "../kernel/errors.ts";
import { createAnswerReader, type HttpAnswer } from "./http-answer.ts";

/** `status` 0 = no answer came. `problem`: the sentence getWebhookInfo shows when the answer is no success. */
export type WebhookAnswer = { status: number; retryAfterSeconds: number; body: string; problem: string };
export type WebhookSender = { post(body: string): Promise<WebhookAnswer>; close(): void };

type Connection = {
  socket: Bun.Socket<undefined> | undefined;
  unsent: Buffer | undefined;
  reader: ReturnType<typeof createAnswerReader>;
  settle: ((answer: WebhookAnswer) => void) | undefined;
};

/** `secretToken` "" = no header. Certificates are not verified: a test's own will do. */
export function createWebhookSender(url: string, secretToken: string, responseTimeoutMs: number): WebhookSender {
  const target = new URL(url);
  const isSecure = target.protocol === "https:";
  const secretLine = secretToken === "" ? "" : `X-Telegram-Bot-Api-Secret-Token: ${secretToken}\r\n`;
  const head =
    `POST ${target.pathname}${target.search} HTTP/1.1\r\nHost: ${target.host}\r\n${secretLine}` +
    "Content-Type: application/json\r\nConnection: keep-alive\r\nContent-Length: ";
  const connections = new Set<Connection>();
  const idle: Connection[] = [];
  let isClosed = false;

  async function connect(): Promise<Connection> {
    const connection: Connection = {
      socket: undefined,
      unsent: undefined,
      reader: createAnswerReader(),
      settle: undefined,
    };
    connection.socket = await Bun.connect({
      hostname: target.hostname.replace(/^\[|\]$/g, ""),
      port: Number(target.port) || (isSecure ? 443 : 80),
      ...(isSecure ? { tls: { rejectUnauthorized: false, serverName: target.hostname } } : {}),
      socket: {
        data: (_socket, bytes) => receive(connection, bytes),
        drain: () => flush(connection),
        close: () => lose(connection),
        error: () => lose(connection),
      },
    });
    connections.add(connection);
    return connection;
  }

  function receive(connection: Connection, bytes: Uint8Array): void {
    const answer = connection.reader.push(bytes);
    if (!answer || !connection.settle) return;
    if (answer.keepsAlive) idle.push(connection);
    else connection.socket?.end();
    settle(connection, toWebhookAnswer(answer));
  }

  function lose(connection: Connection): void {
    connections.delete(connection);
    const place = idle.indexOf(connection);
    if (place >= 0) idle.splice(place, 1);
    settle(connection, noAnswer("Webhook connection closed"));
  }

  return {
    async post(body) {
      let connection = idle.pop();
      try {
        connection ??= await connect();
      } catch (error) {
        return noAnswer(reasonOf(error) === "Failed to connect" ? "Connection refused" : reasonOf(error));
      }
      const used = connection;
      if (isClosed) {
        used.socket?.terminate();
        return noAnswer("Webhook connection closed");
      }
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          settle(used, noAnswer("Read timeout expired"));
          used.socket?.terminate();
        }, responseTimeoutMs);
        used.settle = (answer) => {
          clearTimeout(timer);
          resolve(answer);
        };
        used.unsent = Buffer.from(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
        flush(used);
      });
    },
    close() {
      isClosed = true;
      for (const connection of connections) connection.socket?.terminate();
    },
  };
}

function settle(connection: Connection, answer: WebhookAnswer): void {
  const resolve = connection.settle;
  connection.settle = undefined;
  resolve?.(answer);
}

/** A socket takes what fits; the rest goes when it drains. */
function flush(connection: Connection): void {
  const { socket, unsent } = connection;
  if (!socket || !unsent) return;
  const written = socket.write(unsent);
  connection.unsent = written < unsent.byteLength ? unsent.subarray(Math.max(0, written)) : undefined;
}

function noAnswer(problem: string): WebhookAnswer {
  return { status: 0, retryAfterSeconds: 0, body: "", problem };
}

function toWebhookAnswer(answer: HttpAnswer): WebhookAnswer {
  const retryAfterSeconds = Math.max(0, Number.parseInt(answer.headers.get("retry-after") ?? "", 10) || 0);
  const problem = `Wrong response from the webhook: ${answer.status} ${answer.reason}`;
  return { status: answer.status, retryAfterSeconds, body: answer.body, problem };
}
