// A log in memory, at its most talkative, so that a test can read what would have been written.

import { Writable } from "node:stream";
import pino from "pino";
import type { Log } from "#src/kernel/log.ts";

export type LogBook = {
  log: Log;
  /** Everything that was written. */
  text(): string;
  /** The lines that tell this fact, in order. */
  facts(fact: string): Record<string, unknown>[];
};

/** Nothing is cut out of its lines, unlike in the program's own log: what must not be there was never written. */
export function openLogBook(): LogBook {
  const lines: string[] = [];
  const stream = new Writable({
    write(line, _encoding, done) {
      lines.push(String(line));
      done();
    },
  });
  const parse = (line: string) => JSON.parse(line) as Record<string, unknown>;
  return {
    log: pino({ level: "trace" }, stream),
    text: () => lines.join(""),
    facts: (fact) => lines.map(parse).filter((line) => line.fact === fact),
  };
}
