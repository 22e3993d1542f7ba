// The generator's client: kept-alive connections, every request answered once or known as unanswered.

import { afterEach, expect, test } from "bun:test";
import type { Socket, TCPSocketListener } from "bun";
import { type HttpClient, openHttpClient } from "../../bench/http-client.ts";

type Heard = { text: string };
let listener: TCPSocketListener<Heard> | undefined;
let client: HttpClient | undefined;

afterEach(() => {
  client?.close();
  listener?.stop(true);
});

const REQUEST = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
const answer = (status: number): string => `HTTP/1.1 ${status} X\r\nContent-Length: 2\r\n\r\n{}`;

/** Calls `reply` with every whole request and its number, from 1. */
function listen(most: number, reply: (socket: Socket<Heard>, nth: number) => void): HttpClient {
  let requests = 0;
  listener = Bun.listen<Heard>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { text: "" };
      },
      data(socket, chunk) {
        socket.data.text += chunk.toString();
        if (!socket.data.text.endsWith(REQUEST)) return;
        socket.data.text = "";
        reply(socket, ++requests);
      },
    },
  });
  client = openHttpClient(`http://127.0.0.1:${listener.port}`, most);
  return client;
}

test("requests one after the other share a connection", async () => {
  const opened = listen(10, (socket) => void socket.write(answer(200)));
  expect([await opened.send(REQUEST), await opened.send(REQUEST)]).toEqual([200, 200]);
  expect(opened.counts()).toEqual({ connections: 1, heldBack: 0, resent: 0 });
});

test("an answer in pieces is one answer", async () => {
  const opened = listen(10, (socket) => {
    const text = answer(503);
    socket.write(text.slice(0, 20));
    socket.flush();
    setImmediate(() => socket.write(text.slice(20)));
  });
  expect(await opened.send(REQUEST)).toBe(503);
});

test("past the bound, requests wait for a connection and are counted", async () => {
  const opened = listen(2, (socket) => void socket.write(answer(200)));
  const statuses = await Promise.all([1, 2, 3, 4, 5].map(() => opened.send(REQUEST)));
  expect(statuses).toEqual([200, 200, 200, 200, 200]);
  expect(opened.counts()).toEqual({ connections: 2, heldBack: 3, resent: 0 });
});

test("a connection that closes without an answer: the request goes out once more", async () => {
  const opened = listen(10, (socket, nth) => void (nth === 1 ? socket.end() : socket.write(answer(200))));
  expect(await opened.send(REQUEST)).toBe(200);
  expect(opened.counts().resent).toBe(1);
});

test("twice without an answer is none, and so is nobody listening", async () => {
  const opened = listen(10, (socket) => void socket.end());
  expect(await opened.send(REQUEST)).toBe(0);
  listener?.stop(true);
  expect(await opened.send(REQUEST)).toBe(0);
});
