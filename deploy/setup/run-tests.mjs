// Runs Bun's tests, lets their output through, and ends with one line that counts them.
import { spawn } from "node:child_process";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import { finish } from "./run.mjs";

// Bun's summary is its last few lines; more of the output is not kept.
const tailAtMost = 4_000;

/** Gives 0 only when at least one test ran and none failed. The last line is "N passed, N failed[, N skipped]". */
export async function runTests(bun, args) {
  const child = spawn(bun, ["test", ...args], { stdio: ["inherit", "pipe", "pipe"], env: environment() });
  let tail = "";
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.on("data", (chunk) => {
      to.write(chunk);
      if (from === child.stderr) tail = (tail + chunk).slice(-tailAtMost);
    });
  }
  const code = await finish(child);
  const { passed, failed, skipped } = count(tail);
  process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
  return code !== 0 ? code : failed > 0 || passed === 0 ? 1 : 0;
}

/** A pipe takes Bun's colours away: asked for again when a person looks. */
function environment() {
  return process.stderr.isTTY ? { ...process.env, FORCE_COLOR: "1" } : process.env;
}

/** Bun's summary: one line each, " 12 pass", " 0 fail"; an "error" is one outside of a test. */
function count(output) {
  const plain = stripVTControlCharacters(output);
  const number = (word) => Number(plain.match(new RegExp(`^\\s*(\\d+) ${word}s?$`, "m"))?.[1] ?? 0);
  return { passed: number("pass"), failed: number("fail") + number("error"), skipped: number("skip") + number("todo") };
}
