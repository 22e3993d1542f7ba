// Telegram's HTML: what is read, where entities lie, and the sentences that Telegram itself would say.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isBlank } from "../../src/funnel/formatted.ts";
import { escapeHtml, HtmlError, parseHtml } from "../../src/funnel/html.ts";

const bold = (offset: number, length: number) => ({ type: "bold" as const, offset, length });

describe("parseHtml reads", () => {
  test.each([
    ["<b>a</b><strong>b</strong>", [bold(0, 1), bold(1, 1)]],
    ["<i>a</i>", [{ type: "italic", offset: 0, length: 1 }]],
    ["<EM>a</em>", [{ type: "italic", offset: 0, length: 1 }]],
    ["<u>a</u>", [{ type: "underline", offset: 0, length: 1 }]],
    ["<ins>a</ins>", [{ type: "underline", offset: 0, length: 1 }]],
    ["<s>a</s>", [{ type: "strikethrough", offset: 0, length: 1 }]],
    ["<strike>a</strike>", [{ type: "strikethrough", offset: 0, length: 1 }]],
    ["<del>a</del>", [{ type: "strikethrough", offset: 0, length: 1 }]],
    ["<tg-spoiler>a</tg-spoiler>", [{ type: "spoiler", offset: 0, length: 1 }]],
    ["<span class = 'tg-spoiler'>a</span>", [{ type: "spoiler", offset: 0, length: 1 }]],
    ["<blockquote>a</blockquote>", [{ type: "blockquote", offset: 0, length: 1 }]],
    ["<blockquote cite='' expandable>a</blockquote>", [{ type: "expandable_blockquote", offset: 0, length: 1 }]],
    ["<code>a</code>", [{ type: "code", offset: 0, length: 1 }]],
    ["<pre>a</pre>", [{ type: "pre", offset: 0, length: 1 }]],
    ['<pre><code class="language-ts">a</code></pre>', [{ type: "pre", offset: 0, length: 1, language: "ts" }]],
    ['<code class="language-ts"><pre>a</pre></code>', [{ type: "pre", offset: 0, length: 1, language: "ts" }]],
    ["<a href='telegram.org?&lt;'>a</a>", [{ type: "text_link", offset: 0, length: 1, url: "http://telegram.org/?<" }]],
    ["<a>t.me</a>", [{ type: "text_link", offset: 0, length: 4, url: "http://t.me/" }]],
    ["<a href='tg://user?id=7'>a</a>", [{ type: "text_link", offset: 0, length: 1, url: "tg://user?id=7" }]],
    ["<a href='nowhere'>a</a>", []],
    [
      '<tg-emoji emoji-id="5368">👍</tg-emoji>',
      [{ type: "custom_emoji", offset: 0, length: 2, custom_emoji_id: "5368" }],
    ],
    [
      '<tg-time unix="12345" format="tTdW">a</tg-time>',
      [{ type: "date_time", offset: 0, length: 1, unix_time: 12345, date_time_format: "wdt" }],
    ],
    ["<b></b>", []],
    ["<b>a</>", [bold(0, 1)]],
    ["🏟 🏟&lt;<b  >🏟 &lt</b   >", [bold(6, 4)]],
    [
      "<i><b><code>a</code></b></i>",
      [
        { type: "code", offset: 0, length: 1 },
        { type: "bold", offset: 0, length: 1 },
        { type: "italic", offset: 0, length: 1 },
      ],
    ],
    ["<b>a<i>b</i></b>", [bold(0, 2), { type: "italic", offset: 1, length: 1 }]],
  ])("%s", (html, entities) => {
    expect<unknown>(parseHtml(html).entities).toEqual(entities);
  });

  test.each([
    ["&ge;&lt;&gt;&amp;&quot;&laquo;&#12345678;", '&ge;<>&"&laquo;&#12345678;'],
    ["&#65;&#x42;&#x1F600;&#0;&#X41;&constructor;", "AB😀&#0;&#X41;&constructor;"],
    ["a &lt b & c", "a < b & c"],
    [" \n a\t\r\nb \n", "a \nb"],
  ])("the references and white space of %j", (html, text) => {
    expect(parseHtml(html)).toEqual({ text, entities: [] });
  });

  test("entities follow the text when white space and removed characters go", () => {
    expect(parseHtml(" \n\r x<b>\ry </b>  ")).toEqual({ text: "xy", entities: [bold(1, 1)] });
  });

  test("white space that an entity starts with stays, as at Telegram", () => {
    expect(parseHtml("  <b> a</b>")).toEqual({ text: " a", entities: [bold(0, 2)] });
  });
});

describe("parseHtml refuses", () => {
  test.each([
    ["🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"],
    ["🏟 🏟&lt;<abac aba>", 'Unsupported start tag "abac" at byte offset 13'],
    ["🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'],
    ["🏟 🏟&lt;<i    aba>", 'Can\'t find end tag corresponding to start tag "i"'],
    ["🏟 🏟&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'],
    ["🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"],
    ['🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>', "Unclosed start tag at byte offset 13"],
    ["🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"],
    ["🏟 🏟&lt;<b></b></", "Unexpected end tag at byte offset 20"],
    ["🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"],
    ["🏟 🏟&lt;<i>a</em   >", 'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"'],
    ["a<br>b", 'Unsupported start tag "br" at byte offset 1'],
    ["<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
    ["<tg-emoji emoji-id='x'>a</tg-emoji>", "Invalid custom emoji identifier specified"],
    ["<tg-time unix='1' format='ts'>a</tg-time>", "Invalid date format used"],
    [
      "&#xD83D;&#xDE00;",
      "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units",
    ],
  ])("%s", (html, sentence) => {
    expect(() => parseHtml(html)).toThrow(new HtmlError(sentence));
  });
});

describe("properties", () => {
  const pieces = fc.constantFrom(
    "<b>",
    "</b>",
    "<i>",
    "</>",
    '<a href="x.y">',
    "</a>",
    "&lt",
    "&#65;",
    "<",
    "🏟",
    " ",
    "\n",
    "é",
    "\r",
  );

  test("any text, escaped, is read back as Telegram would keep it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const inside = parseHtml(`<b>[${escapeHtml(text)}]</b>`);
        expect(inside.entities).toEqual([bold(0, inside.text.length)]);
        expect(parseHtml(escapeHtml(inside.text)).text).toBe(inside.text);
      }),
    );
  });

  test("whatever is written, the answer is an HtmlError or entities that lie inside a clean text", () => {
    fc.assert(
      fc.property(fc.array(pieces), (written) => {
        const parsed = parseOrSentence(written.join(""));
        if (typeof parsed === "string") return;
        expect(parseHtml(escapeHtml(parsed.text)).text.trim()).toBe(parsed.text.trim());
        for (const { offset, length } of parsed.entities) {
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(length).toBeGreaterThan(0);
          expect(offset + length).toBeLessThanOrEqual(parsed.text.length);
        }
      }),
    );
  });
});

test("a text of invisible characters is blank", () => {
  expect(["", " \n", "\u200b\u2800", "\u00a0"].map(isBlank)).toEqual([true, true, true, true]);
  expect(isBlank("\u200bA")).toBe(false);
});

function parseOrSentence(html: string) {
  try {
    return parseHtml(html);
  } catch (error) {
    expect(error).toBeInstanceOf(HtmlError);
    return String(error);
  }
}
