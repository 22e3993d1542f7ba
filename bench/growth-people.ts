// Who writes in the benchmark of growth: people scattered over the range of chat ids, half of them known to the bots, half new. Pure.

/** Everybody of the benchmark lies in the 2^32 chat ids from here on: below the ones that the generator counts up. */
const FIRST_CHAT = 500_000_000;
/** Odd, so that multiplying by it modulo 2^32 meets no number twice; 2^32 over the golden ratio scatters evenly (Knuth, TAOCP 3, 6.4). */
const SCATTER = 2_654_435_761;
const RANGE = 2 ** 32;

/** Those who come back: persons 0 to `count` − 1, who are customers in either database. */
export const regulars = { count: 32_768 };
/** The newcomers are numbered from here on; no customer is. */
const FIRST_NEW = 2 ** 31;

/** The chat of a person; neighbours by number are far apart. */
export const chatOfPerson = (person: number): number => FIRST_CHAT + (Math.imul(person, SCATTER) >>> 0);

/** The same in SQL, of a bigint expression. */
export const chatOfPersonSql = (person: string): string =>
  `(${FIRST_CHAT}::bigint + (${person})::bigint * ${SCATTER} % ${RANGE})`;

/** Of arrival `n`: an even one is a regular, none twice in 65,536 arrivals; an odd one is somebody whom no bot has met. */
export function personOf(n: number): number {
  const pair = Math.floor(n / 2);
  return n % 2 === 0 ? pair % regulars.count : FIRST_NEW + (pair % FIRST_NEW);
}

export const mixedChat = (n: number): number => chatOfPerson(personOf(n));
