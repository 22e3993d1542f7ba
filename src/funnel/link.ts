// Which addresses Telegram takes for a link, and how it writes them. Stricter than a browser: a link that Telegram
// refuses inside an entity costs the whole message. Source: check_link in tdlib's LinkManager.cpp, parse_url in HttpUrl.cpp.

const WEB = /^(?:(https?):\/\/)?(?:([^/?#]*)@)?([^/?#@:[\]]+)(?::(\d{1,5}))?([/?#].*)?$/is;
const APP = /^(tg|ton|tonsite):(?:\/\/)?([\w.-]+)([/?#].*)?$/is;
/** What a host or the user before it is made of: RFC 3986's characters, whole percent codes, and any letter beyond ASCII. */
const PART = /^(?:[\w.\-!$,~*'();&+=]|%[\da-f]{2}|[^\p{ASCII}])+$/iu;
const LAST_PORT = 65_535;

/** The address as Telegram writes it (a missing scheme is http), or undefined when it is none. */
export function checkedLink(link: string): string | undefined {
  const app = APP.exec(link);
  if (app !== null) return appLink(app);
  const [matched, scheme = "http", user, host = "", port, rest = ""] = WEB.exec(link) ?? [];
  if (matched === undefined || !host.includes(".") || host === "." || !PART.test(host)) return undefined;
  if (user !== undefined && user !== "" && !PART.test(user.replaceAll(":", ""))) return undefined;
  if (port !== undefined && (Number(port) === 0 || Number(port) > LAST_PORT)) return undefined;
  const authority = `${user ? `${user}@` : ""}${host.toLowerCase()}${port === undefined ? "" : `:${Number(port)}`}`;
  return `${scheme.toLowerCase()}://${authority}${pathOf(rest)}`;
}

/** True for tg://user?id=…, which Telegram turns into a mention of that person. */
export function isUserLink(link: string): boolean {
  return /^tg:(?:\/\/)?user\/?\?(?:[^#]*&)?id=[1-9]\d{0,15}(?:[&#]|$)/i.test(link);
}

/** True when a button may open it: http, https or tg, with its scheme written out. */
export function isButtonLink(link: string): boolean {
  return /^(?:https?|tg):\/\//i.test(link) && (isUserLink(link) || checkedLink(link) !== undefined);
}

/** True for an https address, the only kind that Telegram fetches media from here. */
export function isHttpsLink(link: string): boolean {
  return /^https:\/\//i.test(link) && checkedLink(link) !== undefined;
}

function appLink([, scheme = "", host = "", rest = ""]: RegExpExecArray): string | undefined {
  const name = scheme.toLowerCase();
  if (name !== "tonsite" && host.includes(".")) return undefined;
  return `${name}://${host.toLowerCase()}${pathOf(rest).replace(/^\/\?/, "?")}`;
}

function pathOf(rest: string): string {
  const path = rest.trimEnd().replace(/[\0-\x20]/g, (char) => encodeURIComponent(char));
  return path.startsWith("/") ? path : `/${path}`;
}
