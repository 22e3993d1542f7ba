// From which address a request comes when proxies stand in between, and whether it comes from this machine.

import { BlockList, isIP } from "node:net";

/** The proxies that are believed when they say for whom they ask (TRUSTED_PROXIES). */
export type TrustedProxies = {
  /** `address`: of an IPv4 or IPv6 host, or `UNIX`. */
  trusts(address: string): boolean;
};

/** What a connection tells of itself. `peer`: the other end's address; undefined on a unix socket. */
export type Asked = { headers: Headers; peer: string | undefined };

/** How nginx, too, writes the other end of a unix socket, which has no address. */
export const UNIX = "unix:";

/**
 * Reads addresses, networks (`10.0.0.0/8`, `2001:db8::/32`) and `unix:`, comma-separated; none = nobody is trusted.
 * undefined when one of them is neither.
 */
export function readTrustedProxies(text: string | undefined): TrustedProxies | undefined {
  const hosts = new BlockList();
  let trustsUnix = false;
  for (const entry of itemsOf(text)) {
    if (entry === UNIX) trustsUnix = true;
    else if (!add(hosts, entry)) return undefined;
  }
  return { trusts: (address) => (address === UNIX ? trustsUnix : hosts.check(address, familyOf(address))) };
}

function add(hosts: BlockList, entry: string): boolean {
  const [address = "", prefix, ...more] = entry.split("/");
  if (isIP(address) === 0 || more.length > 0) return false;
  if (prefix === undefined) hosts.addAddress(address, familyOf(address));
  else if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > (isIP(address) === 4 ? 32 : 128)) return false;
  else hosts.addSubnet(address, Number(prefix), familyOf(address));
  return true;
}

const familyOf = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4");

/**
 * The client's address: the other end's own, or, when that is a trusted proxy, the right-most in X-Forwarded-For that is none. Each
 * proxy appends whom it talks to, so everything left of that one is only what the client claims. undefined when a trusted proxy does
 * not say, or the other end is a unix socket that is not trusted.
 */
export function clientAddress({ headers, peer }: Asked, proxies: TrustedProxies): string | undefined {
  let address: string | undefined = peer === undefined ? UNIX : plain(peer);
  const hops = itemsOf(headers.get("x-forwarded-for"));
  while (address !== undefined && proxies.trusts(address) && hops.length > 0) address = readHop(hops.pop() ?? "");
  return address === UNIX ? undefined : address;
}

/** `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::7`, `[2001:db8::7]`, `[2001:db8::7]:4711` or `unix:`; undefined for anything else. */
function readHop(hop: string): string | undefined {
  if (hop === UNIX) return UNIX;
  const address = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
  return isIP(address) === 0 ? undefined : plain(address);
}

/** An IPv4 address that comes by way of an IPv6 socket is an IPv4 address. */
const plain = (address: string) => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;

const itemsOf = (text: string | null | undefined) => (text ?? "").split(",").flatMap((item) => item.trim() || []);

const RELAYED = ["x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-proto", "via"];

/**
 * Whether somebody on this machine asks, and asks us directly. What a proxy passes on never counts, whomever it names: behind a tunnel
 * or a port that is forwarded, all the world has this machine's address.
 */
export function isFromThisMachine({ headers, peer }: Asked): boolean {
  if (peer === undefined || RELAYED.some((name) => headers.has(name))) return false;
  return /^127\.|^::1$/.test(plain(peer));
}
