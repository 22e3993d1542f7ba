// Secrets at rest: AES-256-GCM with the key's id in front and the row and column as additional data, so that a ciphertext opens
// only where it was written. Keys come newest first; the first one seals, any of them opens.

import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { PermanentError } from "./errors.ts";

export type Keyring = {
  /** The ids of its keys, the newest first. */
  keyIds: readonly string[];
  /** Seals `plain` for one place, e.g. `bot.token:17`. Text form: `v1.<key id>.<nonce>.<ciphertext and tag>`, base64url. */
  seal(plain: string, place: string): string;
  /** Opens what `seal` made for the same place; throws PermanentError (`secret`) otherwise, without saying what was inside. */
  open(sealed: string, place: string): string;
};

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createKeyring(keys: readonly Buffer[]): Keyring {
  const byId = new Map(keys.map((key) => [keyId(key), key]));
  const [newest] = keys;
  if (!newest) throw new PermanentError("secret", "SECRET_KEY holds no key.");
  return {
    keyIds: [...byId.keys()],
    seal(plain, place) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", newest, nonce).setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return ["v1", keyId(newest), nonce.toString("base64url"), body.toString("base64url")].join(".");
    },
    open(sealed, place) {
      const [version, id = "", nonce = "", body = ""] = sealed.split(".");
      const key = byId.get(id);
      if (version !== "v1" || !key)
        throw new PermanentError(
          "secret",
          "A secret was sealed with a key that SECRET_KEY does not hold: add that key to it.",
        );
      try {
        const bytes = Buffer.from(body, "base64url");
        const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64url"), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-TAG_BYTES));
        return decipher.update(bytes.subarray(0, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
      } catch (cause) {
        throw new PermanentError("secret", "A sealed secret is damaged or belongs to another row.", { cause });
      }
    },
  };
}

/** The id of the key that something is sealed with; "" when it is not sealed at all. */
export function keyIdOf(sealed: string): string {
  return sealed.split(".")[1] ?? "";
}

/** Names a key without revealing it. */
export function keyId(key: Buffer): string {
  return createHash("sha256").update("grimbots key id").update(key).digest("hex").slice(0, 8);
}

/** SHA-256 of a token: what is kept of secrets that are only ever compared. */
export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** Whether `token` hashes to `hash`; the time taken tells nothing about where they differ, nor about the token's length. */
export function matchesHash(token: string, hash: Uint8Array): boolean {
  const given = hashToken(token);
  return hash.length === given.length && timingSafeEqual(given, hash);
}

/** A random token of 256 bits in `A-Za-z0-9_-`. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}
