// Links: what Telegram takes, and how it writes it.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { checkedLink, isButtonLink, isHttpsLink, isUserLink } from "../../src/funnel/link.ts";

test.each([
  ["telegram.org", "http://telegram.org/"],
  ["HTTPS://T.Me/Bob?start=A b#c", "https://t.me/Bob?start=A%20b#c"],
  ["https://a.b?x=1", "https://a.b/?x=1"],
  ["https://alice:key@a.b:080/", "https://alice:key@a.b:80/"],
  ["https://coração.com.br/olá", "https://coração.com.br/olá"],
  ["tg://resolve?domain=bob", "tg://resolve?domain=bob"],
  ["TG:Resolve/?domain=bob", "tg://resolve?domain=bob"],
  ["localhost", undefined],
  ["http://", undefined],
  ["ftp://a.b", undefined],
  ["javascript:alert(1)", undefined],
  ["https://a b.c/", undefined],
  ["https://a.b:0/", undefined],
  ["https://a.b:65536/", undefined],
  ["https://%zz.b/", undefined],
  ["https://a@b@c.d/", undefined],
  ["tg://a.b", undefined],
  ["", undefined],
])("%j is written %j", (link, written) => {
  expect(checkedLink(link)).toBe(written);
});

test("a checked link is its own check", () => {
  const pieces = fc.constantFrom(
    "http://",
    "https://",
    "tg://",
    "a",
    ".b",
    ":80",
    "/",
    "?",
    "#",
    "@",
    " ",
    "é",
    "%41",
    "%",
  );
  fc.assert(
    fc.property(fc.array(pieces), (written) => {
      const link = checkedLink(written.join(""));
      if (link !== undefined) expect(checkedLink(link)).toBe(link);
    }),
  );
});

test.each([
  ["https://a.b", true, true],
  ["http://a.b", true, false],
  ["tg://resolve?domain=bob", true, false],
  ["tg://user?id=7", true, false],
  ["a.b", false, false],
  ["ton://transfer/x", false, false],
  ["https://nowhere", false, false],
])("%s: on a button %p, as media %p", (link, onButton, asMedia) => {
  expect([isButtonLink(link), isHttpsLink(link)]).toEqual([onButton, asMedia]);
});

test("only tg://user?id=… mentions a person", () => {
  expect(["tg://user?id=7", "tg:user/?x=1&id=7#a"].map(isUserLink)).toEqual([true, true]);
  expect(["tg://user?id=", "tg://user?id=0", "tg://users?id=7", "https://user?id=7"].some(isUserLink)).toBe(false);
});
