// Secrets at rest: they open with a key of ours, in the place they were sealed for, whole; and tokens are compared by hash.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { PermanentError } from "#src/kernel/errors.ts";
import { createKeyring, hashToken, keyId, matchesHash, newToken } from "#src/kernel/secret.ts";

const oldKey = Buffer.alloc(32, 1);
const newKey = Buffer.alloc(32, 2);
const keyring = createKeyring([newKey]);

test("what is sealed opens again in its place, whatever it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ minLength: 1 }), (plain, place) => {
      expect(keyring.open(keyring.seal(plain, place), place)).toBe(plain);
    }),
  );
});

test("the same secret never looks the same twice, and names its key but not itself", () => {
  const token = "123456:a-token-nobody-may-read";
  const [one, two] = [keyring.seal(token, "bot.token:1"), keyring.seal(token, "bot.token:1")];
  expect(one).not.toBe(two);
  expect(one).toMatch(new RegExp(`^v1\\.${keyId(newKey)}\\.[A-Za-z0-9_-]{16}\\.[A-Za-z0-9_-]+$`));
  expect(one).not.toContain("token");
});

test("it does not open in another row or column", () => {
  const sealed = keyring.seal("secret", "bot.token_sealed:17");
  for (const place of ["bot.token_sealed:18", "bot.secret_sealed:17", ""])
    expect(() => keyring.open(sealed, place)).toThrow(PermanentError);
});

test("not one character may be missing or changed", () => {
  const sealed = keyring.seal("secret", "here");
  const refused = (text: string) => expect(() => keyring.open(text, "here")).toThrow(PermanentError);
  for (let length = 0; length < sealed.length; length++) refused(sealed.slice(0, length));
  const bodyAt = sealed.lastIndexOf(".") + 1;
  // The last character carries bits that base64url does not use.
  for (let at = bodyAt; at < sealed.length - 1; at++)
    refused(sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1));
});

test("whatever is kept in its stead is refused with a sentence that says nothing of the inside", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => keyring.open(text, "here")).toThrow(PermanentError);
    }),
  );
  const refusal = () => keyring.open(keyring.seal("my-secret", "there"), "here");
  expect(refusal).toThrow(/damaged or belongs to another row/);
  expect(refusal).not.toThrow(/my-secret/);
});

test("rotation: the newest key seals, the old one still opens, and once it is gone what it sealed is refused by name", () => {
  const before = createKeyring([oldKey]).seal("secret", "here");
  const both = createKeyring([newKey, oldKey]);
  expect(both.open(before, "here")).toBe("secret");
  const after = both.seal("secret", "here");
  expect(keyring.open(after, "here")).toBe("secret");
  expect(() => keyring.open(before, "here")).toThrow("sealed with a key that SECRET_KEY does not hold");
});

test("a keyring without a key is refused", () => {
  expect(() => createKeyring([])).toThrow(PermanentError);
});

test("a token matches its own hash and nothing else does", () => {
  const token = newToken();
  expect(matchesHash(token, hashToken(token))).toBe(true);
  for (const other of ["", `${token}x`, token.slice(1), newToken()])
    expect(matchesHash(other, hashToken(token))).toBe(false);
  expect(matchesHash(token, hashToken(token).subarray(1))).toBe(false);
  expect(matchesHash("", new Uint8Array())).toBe(false);
});

test("new tokens have 256 bits in the characters that Telegram allows, and none comes twice", () => {
  const tokens = Array.from({ length: 1_000 }, newToken);
  expect(tokens.every((token) => /^[A-Za-z0-9_-]{43}$/.test(token))).toBe(true);
  expect(new Set(tokens).size).toBe(1_000);
});
