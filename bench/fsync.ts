// What one durable write costs on a folder's disk: overwrite 8 KiB of a file that exists, fdatasync, again. As PostgreSQL's log does it.

import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { type Percentiles, percentilesOf } from "./percentiles.ts";

const PAGE_BYTES = 8_192;
const PAGES = 256;
const FOR_MS = 1_000;

/** Milliseconds per write and sync; takes `forMs` and blocks this process meanwhile. */
export function measureFsync(folder: string, forMs = FOR_MS): Percentiles {
  const file = path.join(folder, "fsync-probe");
  const page = Buffer.alloc(PAGE_BYTES, 1);
  const handle = openSync(file, "w");
  try {
    for (let at = 0; at < PAGES; at++) writeSync(handle, page, 0, PAGE_BYTES, at * PAGE_BYTES);
    fsyncSync(handle);
    const took: number[] = [];
    for (const endMs = performance.now() + forMs; performance.now() < endMs; ) {
      const began = performance.now();
      writeSync(handle, page, 0, PAGE_BYTES, (took.length % PAGES) * PAGE_BYTES);
      fdatasyncSync(handle);
      took.push(performance.now() - began);
    }
    return percentilesOf(took);
  } finally {
    closeSync(handle);
    rmSync(file);
  }
}
