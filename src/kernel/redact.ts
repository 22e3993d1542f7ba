// What may never stand in a log: secrets, and what belongs to a person. The rules work on whole lines of JSON and leave them JSON.
//
// They are the second net. The first one is that nobody logs a body, a text or a name: those cannot be told from other words.

/** Also inside an address (".../bot123:AbC.../getMe"), where the colon may be written %3A. */
const BOT_TOKEN = /(?<!\d)(\d{3,})(?::|%3A)[A-Za-z0-9_-]{20,}/gi;
/** The password of `scheme://user:password@host`, up to the last @ of the word. */
const ADDRESS_PASSWORD = /(\b[a-z][a-z\d+.-]{1,20}:\/\/[^\s:/@"'\\]{0,100}):(?:[^\s"\\]|\\.){0,500}@/gi;
const AUTHORIZATION = /(Bearer|Basic)\s+[\w.~+/=-]{16,}/gi;
const PEM = /-----BEGIN [A-Z ]+-----(?:[^"\\]|\\.)*/g;

const SECRET = "token|secret|passw(?:or)?d|senha|authorization|api[_-]?key|credential|signature|hmac|cookie";
const PERSONAL =
  "cpf|cnpj|tax_?id|document|e?-?mail|phone|telefone|celular|(?:first|last|full|user)?_?name|nome|text|texto|caption|message";

/** `"name":"value"` in JSON, where the name holds one of these words. */
const jsonField = (words: string): RegExp =>
  new RegExp(`("[\\w-]{0,40}(?:${words})[\\w-]{0,40}"\\s*:\\s*)"(?!\\d+:\\*{3}")(?:[^"\\\\]|\\\\.)*"`, "gi");
/** The same in JSON that stands in a string of JSON; an escaped quote in its value is \\\" there. */
const quotedField = (words: string): RegExp =>
  new RegExp(
    `(\\\\"[\\w-]{0,40}(?:${words})[\\w-]{0,40}\\\\"\\s*:\\s*)\\\\"(?:\\\\\\\\\\\\"|[^"\\\\]|\\\\[^"])*\\\\"`,
    "gi",
  );

const SECRET_FIELD = jsonField(SECRET);
const SECRET_QUOTED = quotedField(SECRET);
const PERSONAL_QUOTED = quotedField(PERSONAL);
/** `name=value` and `name: value` outside JSON. */
const SECRET_NAMED = new RegExp(
  `(?<![\\w/-])([\\w-]{0,40}(?:${SECRET})[\\w-]{0,40}(?:=|:\\s?))(?:(?:Bearer|Basic)\\s+)?[^\\s"\\\\,;&)]+`,
  "gi",
);

/** One escape of JSON, taken first so that nothing is cut out of its middle. */
const ESCAPE = String.raw`\\u[\da-f]{4}|\\.`;
/** Long runs that may be keys: 32 bytes in base64, or 32 and more letters, digits, - and _. */
const OPAQUE = new RegExp(`${ESCAPE}|[A-Za-z\\d+/]{43}=|[\\w-]{32,}`, "gi");
/** Users of addresses (`postgres://alice@db.example.com`) are no e-mail addresses. */
const EMAIL = new RegExp(
  `${ESCAPE}|://[^\\s"\\\\@]{0,200}@|([^\\s"'\\\\@<>(),;:/=&]{1,64}@[\\w-]{1,63}(?:\\.[\\w-]{1,63})+)`,
  "gi",
);
/** CPF and CNPJ (with letters, too, as in force since July 2026) in their punctuation, phone numbers in theirs. */
const WRITTEN_NUMBER =
  /(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)|(?<![\dA-Z])[\dA-Z]{2}\.[\dA-Z]{3}\.[\dA-Z]{3}\/[\dA-Z]{4}-\d{2}(?!\d)|\+\d[\d ()-]{8,18}\d|(?<![\d.:-])(?:\(\d{2}\)|\d{2}) ?-?9?\d{4}[ -]\d{4}(?!\d)/g;
/** Eleven digits (CPF, mobile phone), fourteen (CNPJ), or a phone with 55 in front. */
const BARE_NUMBER = /(?<!\d|\\u)(?:\d{11}|\d{14}|55\d{10,11})(?!\d)/g;
/** A string of JSON: numbers outside are fields of ours, and stay. */
const STRING = /"(?:[^"\\]|\\.)*"/g;
/** Values that PostgreSQL and JSON.parse repeat in their messages. */
const REPEATED_VALUE =
  /((?:(?:syntax for|literal|enum|out of range)[\w ]{0,60}: |value |[Tt]oken |identifier ))(\\"|')(?:[^"\\']|\\[^"])*\2/g;
/** Drizzle ends its message with the values of the statement; PostgreSQL's details hold a row's. */
const STATEMENT_VALUES = /(params: |Failing row contains |Key \([\w, ]+\)=)(?:[^"\\]|\\.)*/g;

/** What a rule needs to find anything: looked for first, for most lines hold nothing of the kind. */
const HINTS = {
  secretName: new RegExp(SECRET, "i"),
  longRun: /[\w+/-]{32}/,
  number: /\d{11}|\d{3}\.\d{3}\.|[\dA-Z]{3}\.[\dA-Z]{3}\/|\+\d|\d{4}[ -]\d{4}/,
  repeated: /(?:literal|enum|out of range|syntax for)[\w ]*: |(?:value|[Tt]oken|identifier) (?:\\"|')/,
};

/** A text without what opens anything: tokens, keys, passwords. Of a bot's token its public half stays. */
export function redactTokens(text: string): string {
  let left = text.replace(BOT_TOKEN, "$1:***");
  if (left.includes("://")) left = left.replace(ADDRESS_PASSWORD, "$1:***@");
  if (left.includes("-----BEGIN")) left = left.replace(PEM, "***");
  if (HINTS.secretName.test(left))
    left = left.replace(SECRET_FIELD, '$1"***"').replace(SECRET_QUOTED, '$1\\"***\\"').replace(SECRET_NAMED, "$1***");
  left = left.replace(AUTHORIZATION, "$1 ***");
  return HINTS.longRun.test(left) ? left.replace(OPAQUE, (run) => (mayBeKey(run) ? "***" : run)) : left;
}

/** Words of ours that are as long (a constraint's name, a file) are in lower case with other letters than hexadecimal ones, or have no digit. */
function mayBeKey(run: string): boolean {
  if (run.length < 32) return false;
  const isMixed = /[a-z]/.test(run) && /[A-Z]/.test(run);
  return (
    run.endsWith("=") ||
    (isMixed && (run.length >= 40 || /\d/.test(run))) ||
    /^(?=.*\d)(?:[a-z\d]+|[\da-f-]+)$/i.test(run)
  );
}

/** A line of JSON without what belongs to a person: documents, e-mail addresses, phone numbers, values of a statement. */
function redactPersonal(line: string): string {
  let left = line.replace(STATEMENT_VALUES, "$1***");
  if (HINTS.repeated.test(left)) left = left.replace(REPEATED_VALUE, "$1$2***$2");
  if (left.includes('\\"')) left = left.replace(PERSONAL_QUOTED, '$1\\"***\\"');
  if (left.includes("@")) left = left.replace(EMAIL, (whole, address) => (address === undefined ? whole : "***@***"));
  if (!HINTS.number.test(left)) return left;
  return left.replace(STRING, (string) => string.replace(WRITTEN_NUMBER, "***").replace(BARE_NUMBER, "***"));
}

/** A line of the log as it may be written: the same JSON, without secrets and personal data. */
export function redactLine(line: string): string {
  return redactPersonal(redactTokens(line));
}
