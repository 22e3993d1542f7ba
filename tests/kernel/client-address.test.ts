// Who asks when proxies stand in between: what is believed, and what only the client claims.

import { describe, expect, test } from "bun:test";
import { clientAddress, isFromThisMachine, readTrustedProxies } from "#src/kernel/client-address.ts";
import { readConfig } from "#src/kernel/config.ts";

/** [what is shown, TRUSTED_PROXIES, the other end, X-Forwarded-For, the client]. */
const CASES: [string, string | undefined, string | undefined, string | undefined, string | undefined][] = [
  ["nobody is trusted: the other end", undefined, "198.51.100.9", undefined, "198.51.100.9"],
  ["nobody is trusted: a header is a claim", undefined, "127.0.0.1", "203.0.113.7", "127.0.0.1"],
  ["a stranger's header is a claim", "10.0.0.0/8", "198.51.100.9", "10.0.0.1, 203.0.113.7", "198.51.100.9"],
  ["a trusted proxy names the client", "127.0.0.1", "127.0.0.1", "203.0.113.7", "203.0.113.7"],
  ["what the client claims stands further left", "127.0.0.1", "127.0.0.1", "127.0.0.1, 203.0.113.7", "203.0.113.7"],
  ["a claimed trusted address further left", "10.0.0.0/8", "10.0.0.2", "10.9.9.9, 203.0.113.7", "203.0.113.7"],
  ["two proxies in a row", "10.0.0.0/8,127.0.0.1", "127.0.0.1", "1.1.1.1, 203.0.113.7, 10.3.4.5", "203.0.113.7"],
  ["a proxy that is not trusted is the client", "127.0.0.1", "127.0.0.1", "203.0.113.7, 10.3.4.5", "10.3.4.5"],
  ["all of them are trusted: the first", "127.0.0.1,10.0.0.0/8", "127.0.0.1", "10.0.0.7, 10.0.0.8", "10.0.0.7"],
  ["a trusted proxy that asks by itself", "127.0.0.1", "127.0.0.1", undefined, "127.0.0.1"],
  ["an empty header", "127.0.0.1", "127.0.0.1", " , ", "127.0.0.1"],
  ["a proxy that does not say", "127.0.0.1", "127.0.0.1", "203.0.113.7, unknown", undefined],
  ["words that are no address", "127.0.0.1", "127.0.0.1", "203.0.113.7, 1.2.3.999", undefined],
  ["IPv6", "::1,2001:db8:1::/48", "::1", "2001:db8:2::7, 2001:db8:1::3", "2001:db8:2::7"],
  ["IPv6 in another spelling", "2001:db8:1::/48", "2001:0db8:0001:0:0:0:0:9", "2001:db8:2::7", "2001:db8:2::7"],
  ["an IPv4 proxy on an IPv6 socket", "10.0.0.0/8", "::ffff:10.0.0.2", "203.0.113.7", "203.0.113.7"],
  ["an IPv4 client on an IPv6 socket", undefined, "::ffff:203.0.113.7", undefined, "203.0.113.7"],
  ["ports", "10.0.0.0/8", "10.0.0.2", "203.0.113.7:4711, 10.0.0.3:80", "203.0.113.7"],
  ["IPv6 in brackets", "::1", "::1", "[2001:db8::7]", "2001:db8::7"],
  ["IPv6 in brackets with a port", "::1", "::1", "[2001:db8::7]:4711", "2001:db8::7"],
  ["a unix socket that is not trusted", "127.0.0.1", undefined, "203.0.113.7", undefined],
  ["a trusted unix socket", "unix:", undefined, "203.0.113.7", "203.0.113.7"],
  ["a trusted unix socket among the proxies", "unix:, 127.0.0.1", "127.0.0.1", "203.0.113.7, unix:", "203.0.113.7"],
  ["a trusted unix socket without a header", "unix:", undefined, undefined, undefined],
];

describe("the client's address", () => {
  for (const [shown, setting, peer, forwarded, client] of CASES)
    test(shown, () => {
      const headers = new Headers(forwarded === undefined ? {} : { "x-forwarded-for": forwarded });
      const { trustedProxies } = readConfig({ TRUSTED_PROXIES: setting });
      expect(clientAddress({ headers, peer }, trustedProxies)).toBe(client);
    });
});

test("TRUSTED_PROXIES that is no list of addresses is refused with a sentence", () => {
  for (const wrong of [
    "proxy.example.com",
    "10.0.0.0/33",
    "10.0.0.0/",
    "::1/129",
    "10.0.0.0/8/8",
    "10.0.0",
    "127.0.0.1;::1",
  ])
    expect(() => readConfig({ TRUSTED_PROXIES: wrong })).toThrow("TRUSTED_PROXIES must be");
  expect(readTrustedProxies(" 10.0.0.0/8 ,, ::1 ")?.trusts("10.1.2.3")).toBe(true);
});

test("from this machine is who asks directly, never whom a proxy names", () => {
  const asks = (peer: string | undefined, headers: Record<string, string> = {}) =>
    isFromThisMachine({ headers: new Headers(headers), peer });
  for (const peer of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) expect(asks(peer)).toBe(true);
  for (const peer of ["203.0.113.7", "10.0.0.1", "::2", "1270::1", undefined]) expect(asks(peer)).toBe(false);
  for (const name of ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Proto", "Via"])
    expect(asks("127.0.0.1", { [name]: "127.0.0.1" })).toBe(false);
});
