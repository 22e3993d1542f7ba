// nginx and HAProxy with the files that operators copy: who asks, how much, what is tried again, what stays closed, what is logged.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { request as ask } from "node:https";
import { clientAddress, isFromThisMachine, readTrustedProxies } from "#src/kernel/client-address.ts";
import { limits } from "#src/kernel/limits.ts";
import { until } from "../support/until.ts";
import { CHALLENGE, type ReverseProxy, startProxy } from "./proxy.ts";
import { nobody, type Seen, startDying, startMirror, type Upstream } from "./upstreams.ts";

setDefaultTimeout(20_000);

/** Another address of this machine, so that a client can be told from the proxy. */
const CLIENT = "127.0.0.2";

type Sent = { method?: string; headers?: Record<string, string>; body?: Uint8Array };

const post = (proxy: ReverseProxy, path: string, body = "{}", headers: Record<string, string> = {}) =>
  fetch(proxy.url + path, { method: "POST", body, headers, tls: { ca: proxy.ca } });

const seenBy = async (response: Response) => (await response.json()) as Seen;

for (const name of ["nginx", "haproxy"] as const)
  describe(name, () => {
    let [mirror, other]: (Upstream | undefined)[] = [];
    let proxy: ReverseProxy;
    beforeAll(async () => {
      mirror = startMirror();
      other = startMirror();
      proxy = await startProxy(name, [mirror.port, other.port]);
    });
    afterAll(async () => {
      await proxy[Symbol.asyncDispose]();
      await mirror?.[Symbol.asyncDispose]();
      await other?.[Symbol.asyncDispose]();
    });
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(proxy.url + path, { headers, redirect: "manual", tls: { ca: proxy.ca } });

    test("tells the client's address, whatever the client claims", async () => {
      const claims = {
        ...{ "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", forwarded: "for=127.0.0.1" },
        "x-request-id": "signed-by-a-gateway",
      };
      const { headers } = await askFrom(proxy, "/api/v1/orders", { headers: claims });
      const asked = { headers: new Headers(headers), peer: "127.0.0.1" };
      const trusted = readTrustedProxies("127.0.0.1");
      expect(trusted && clientAddress(asked, trusted)).toBe(CLIENT);
      expect(isFromThisMachine(asked)).toBe(false);
      expect(headers).toMatchObject({
        ...{ "x-forwarded-proto": "https", "x-real-ip": CLIENT, "x-request-id": "signed-by-a-gateway" },
        "x-forwarded-for": expect.stringMatching(/^127\.0\.0\.1, ?127\.0\.0\.2$/),
      });
      expect(headers.forwarded).toBeUndefined();
    });

    test("takes bodies as long as the doors do, and no longer", async () => {
      const sizes = [
        ["/webhook/telegram/1", limits.updateBodyBytes],
        ["/webhook/payment/asaas/account", limits.noticeBodyBytes],
        ["/api/v1/broadcasts", 1024 * 1024],
      ] as const;
      for (const [path, most] of sizes) {
        const kept = await post(proxy, path, "a".repeat(most));
        expect([kept.status, (await seenBy(kept)).bytes]).toEqual([200, most]);
        expect((await post(proxy, path, "a".repeat(most + 1))).status).toBe(413);
      }
    });

    test("lets a WebSocket through, and no other upgrade", async () => {
      const socket = new WebSocket(`${proxy.url.replace("https", "wss")}/live`, { tls: { ca: proxy.ca } });
      const heard = await new Promise((resolve, reject) => {
        socket.onopen = () => socket.send("olá");
        socket.onmessage = ({ data }) => resolve(data);
        socket.onerror = reject;
      });
      expect(heard).toBe("olá");
      socket.close();
      const h2c = {
        connection: "Upgrade, HTTP2-Settings",
        upgrade: "h2c",
        "http2-settings": "AAMAAABkAARAAAAAAAIAAAAA",
      };
      const { headers } = await askFrom(proxy, "/", { headers: h2c });
      expect([headers.upgrade, headers.connection?.includes("pgrade") ?? false]).toEqual([undefined, false]);
    });

    test("keeps /metrics closed, however it is written", async () => {
      const before = [mirror?.count(), other?.count()];
      for (const path of ["/metrics", "/metrics/", "/metrics?a=b", "/%6Detrics"])
        expect((await get(path)).status).toBe(404);
      expect([mirror?.count(), other?.count()]).toEqual(before);
    });

    test("sends plain HTTP to HTTPS, but for certificates", async () => {
      const plain = await fetch(`${proxy.plainUrl}/delivery/abc?d=e`, { redirect: "manual" });
      expect(plain.status).toBe(301);
      expect(plain.headers.get("location")).toBe("https://bots.example.com/delivery/abc?d=e");
      const challenge = await fetch(`${proxy.plainUrl}/.well-known/acme-challenge/one`);
      expect([challenge.status, await challenge.text()]).toEqual([200, CHALLENGE]);
    });

    test("adds what the program does not say of itself", async () => {
      const names = ["strict-transport-security", "x-content-type-options", "referrer-policy"];
      const headersOf = async (path: string) => (await get(path)).headers;
      const [api, page] = [await headersOf("/api/v1/orders"), await headersOf("/delivery/abc")];
      expect(names.map((one) => api.get(one))).toEqual(["max-age=31536000", "nosniff", "same-origin"]);
      expect(names.map((one) => page.get(one))).toEqual(["max-age=31536000", "nosniff", "no-referrer"]);
    });

    test("logs each request, and none of its secrets", async () => {
      const headers = { authorization: "Bearer SECRET", referer: "https://bots.example.com/delivery/SECRET" };
      const paths = [
        "/delivery/SECRET",
        "/%64elivery/SECRET",
        "/webhook/payment/asaas/SECRET/SECRET",
        "/go/ad?k=SECRET",
      ];
      for (const path of paths) await get(path, headers);
      const lines = await until("it has logged them", async () => {
        const all = (await proxy.readLog()).split("\n").filter((line) => line.startsWith("{"));
        const parsed = all.map((line) => JSON.parse(line) as { client: string; path: string; status: string });
        return parsed.some((line) => line.path === "/go/ad") && parsed;
      });
      for (const path of ["/delivery/-", /^\/webhook\/payment\/asaas(\/-)?$/, "/go/ad"])
        expect(lines).toContainEqual(
          expect.objectContaining({ client: "127.0.0.1", status: "200", path: expect.stringMatching(path) }),
        );
      expect(await proxy.readLog()).not.toContain("SECRET");
    });

    test("a process that dies in the middle: notices and questions go to another one, nothing else is sent twice", async () => {
      await using dying = startDying();
      await using living = startMirror();
      await using half = await startProxy(name, [dying.port, living.port]);
      const statuses = async (path: string, send = post) => {
        const answers = await Promise.all(Array.from({ length: 8 }, () => send(half, path)));
        return answers.map(({ status }) => status);
      };
      const api = await statuses("/api/v1/broadcasts");
      expect(dying.count() + living.count()).toBe(api.length);
      expect([...new Set(api)].sort()).toEqual([200, 502]);
      expect(new Set(await statuses("/webhook/telegram/1"))).toEqual(new Set([200]));
      const see = ({ url, ca }: ReverseProxy, path: string) => fetch(url + path, { tls: { ca } });
      expect(new Set(await statuses("/delivery/abc", see))).toEqual(new Set([200]));
      expect(await half.readLog()).not.toContain("telegram/1 HTTP");
    });

    test("a process that is not there: everything goes to the other one", async () => {
      await using living = startMirror();
      await using half = await startProxy(name, [await nobody(), living.port]);
      const answers = await Promise.all(
        ["/api/v1/broadcasts", "/webhook/telegram/1"].flatMap((path) =>
          Array.from({ length: 8 }, () => post(half, path)),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(living.count()).toBe(answers.length);
    });

    test("nobody is there: Telegram is asked to come back in two seconds", async () => {
      await using empty = await startProxy(name, [await nobody(), await nobody()]);
      for (let times = 0; times < 6; times += 1) {
        const { status, headers } = await post(empty, "/webhook/telegram/1");
        expect([status, headers.get("retry-after")]).toEqual([503, "2"]);
      }
    });
  });

/** Asks from another address than the proxy's own, and gives what the server behind it saw. */
function askFrom(proxy: ReverseProxy, path: string, { method = "GET", headers = {} }: Sent): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const options = { method, headers, localAddress: CLIENT, ca: proxy.ca };
    const asking = ask(proxy.url + path, options, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += chunk));
      answer.on("end", () => resolve(JSON.parse(text) as Seen));
    });
    asking.on("error", reject).end();
  });
}
