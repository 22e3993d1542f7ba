// Runs one program in the foreground, as if it were us: its output, our signals, its exit code.
import { spawn } from "node:child_process";
import { constants } from "node:os";

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs the program to its end and gives its exit code (128 + the signal's number when one ended it). */
export async function run(program, args) {
  return finish(spawn(program, args, { stdio: "inherit" }));
}

/** Passes our signals on to the child until it ends. */
export function finish(child) {
  const listeners = forwarded.map((signal) => [signal, () => isFromTerminal(signal) || child.kill(signal)]);
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return new Promise((resolve) => {
    child.once("error", (error) => end(error.message, 1));
    child.once("close", (code, signal) => {
      for (const [name, listener] of listeners) process.off(name, listener);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

/** Ctrl-C in a terminal reaches the child by itself, and twice would mean "at once". */
function isFromTerminal(signal) {
  return signal === "SIGINT" && process.stdin.isTTY === true;
}

/** Tells a person what is being done. */
export function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}

/** Says what to do, and ends. */
export function end(sentence, code) {
  say(sentence);
  process.exit(code);
}
