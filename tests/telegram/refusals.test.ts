// What each of Telegram's errors means for us, in Telegram's own words.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { meaningOf, refusals } from "#src/telegram/refusals.ts";

test.each([
  [401, "Unauthorized", "token_revoked", "token_revoked"],
  [404, "Not Found", "token_revoked", "token_unknown"],
  [403, "Forbidden: bot was blocked by the user", "blocked", "blocked"],
  [403, "Forbidden: bot was kicked from the supergroup chat", "blocked", "blocked"],
  [403, "Forbidden: user is deactivated", "blocked", "deactivated"],
  [403, "Forbidden: bot can't initiate conversation with a user", "blocked", "forbidden"],
  [429, "Too Many Requests: retry after 7", "flood", "flood"],
  [400, "Bad Request: group chat was upgraded to a supergroup chat", "migrated", "migrated"],
  [400, 'Bad Request: can\'t parse entities: Unsupported start tag "x" at byte offset 0', "formatting", "formatting"],
  [400, "Bad Request: ENTITY_TEXTURL_INVALID", "formatting", "formatting"],
  [400, "Bad Request: wrong file identifier/HTTP URL specified", "media", "media"],
  [400, "Bad Request: wrong remote file identifier specified: Wrong padding in the string", "media", "media"],
  [400, "Bad Request: failed to get HTTP URL content", "media", "media"],
  [400, "Bad Request: wrong type of the web page content", "media", "media"],
  [400, "Bad Request: WEBPAGE_CURL_FAILED", "media", "media"],
  [400, "Bad Request: PHOTO_INVALID_DIMENSIONS", "media", "media"],
  [400, "Bad Request: IMAGE_PROCESS_FAILED", "media", "media"],
  [400, "Bad Request: type of file mismatch", "media", "media"],
  [413, "Request Entity Too Large", "media", "too_large"],
  [400, "Bad Request: query is too old and response timeout expired or query ID is invalid", "moot", "query_too_old"],
  [400, "Bad Request: message is not modified: specified new message content …", "moot", "moot"],
  [400, "Bad Request: message to delete not found", "moot", "moot"],
  [400, "Bad Request: chat not found", "permanent", "chat_not_found"],
  [400, "Bad Request: PEER_ID_INVALID", "permanent", "chat_not_found"],
  [400, "Bad Request: BUTTON_DATA_INVALID", "permanent", "button"],
  [400, "Bad Request: inline keyboard button URL 'x' is invalid", "permanent", "button"],
  [400, "Bad Request: message is too long", "permanent", "length"],
  [400, "Bad Request: message text is empty", "permanent", "length"],
  [400, "Bad Request: not enough rights to send text messages to the chat", "permanent", "rights"],
  [409, "Conflict: terminated by other getUpdates request", "permanent", "conflict"],
  [400, "Bad Request: something that nobody knew", "permanent", "http_400"],
  [418, "I'm a teapot", "permanent", "http_418"],
  [500, "Internal Server Error", "trouble", "http_500"],
  [502, "Bad Gateway", "trouble", "http_502"],
  [504, "Gateway Timeout", "trouble", "http_504"],
])("%d %s", (code, description, meaning, reason) => {
  expect(meaningOf(code, description)).toEqual({ meaning, reason } as ReturnType<typeof meaningOf>);
  expect(meaningOf(code, description.toUpperCase())).toEqual({ meaning, reason } as ReturnType<typeof meaningOf>);
});

test("a 404 of a method that does not exist is not taken for a dead token", () => {
  expect(meaningOf(404, "Not Found: method not found").meaning).toBe("permanent");
});

test("every line of the list is reached by something, and every reason is a short word for a row and a label", () => {
  for (const { reason } of refusals) expect(reason).toMatch(/^[a-z][a-z_]{2,30}$/);
});

test("whatever Telegram answers has a meaning; a 5xx is never for ever, an unknown 4xx always is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 400, max: 599 }), fc.string(), (code, description) => {
      const { meaning, reason } = meaningOf(code, description);
      expect(reason).toMatch(/^[a-z0-9_]+$/);
      if (code >= 500) expect(meaning).toBe("trouble");
      else expect(meaning).not.toBe("trouble");
    }),
  );
});
