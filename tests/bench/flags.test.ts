// Flags of the benchmarks: numbers within their bounds, one of two words, and a sentence for whatever else is told.

import { expect, test } from "bun:test";
import { CommandError } from "#src/kernel/errors.ts";
import { type Bench, readFlags } from "../../bench/bench.ts";

const bench: Bench = {
  name: "some",
  summary: "something.",
  flags: [
    { name: "seconds", value: "N", means: "Length." },
    { name: "rate", value: "N", means: "Per second." },
    { name: "only", value: "PART", means: "rates or highest." },
  ],
  run: async () => true,
};

const SECONDS = { least: 2, most: 600 };
const RATE = { least: 0.1, most: 50, fraction: true };

/** The sentence with which reading ends. */
function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(CommandError);
    return (error as CommandError).message;
  }
  throw new Error("it was read");
}

test("what is not told is undefined", () => {
  const flags = readFlags(bench, []);
  expect([flags.number("seconds", SECONDS), flags.choice("only", ["rates", "highest"])]).toEqual([
    undefined,
    undefined,
  ]);
});

test("what is told within the bounds is read", () => {
  const flags = readFlags(bench, ["--seconds", "600", "--rate", "0.1", "--only", "highest"]);
  const read = [
    flags.number("seconds", SECONDS),
    flags.number("rate", RATE),
    flags.choice("only", ["rates", "highest"]),
  ];
  expect(read).toEqual([600, 0.1, "highest"]);
});

test.each(["1", "601", "2.5", "many", "", " "])("--seconds %j is refused with its bounds", (given) => {
  const flags = readFlags(bench, ["--seconds", given]);
  const sentence = `--seconds takes a number from 2 to 600, not "${given}".`;
  expect(refusalOf(() => flags.number("seconds", SECONDS))).toBe(sentence);
});

test("another word is refused with those that are known", () => {
  const flags = readFlags(bench, ["--only", "all"]);
  const sentence = '--only takes rates or highest, not "all".';
  expect(refusalOf(() => flags.choice("only", ["rates", "highest"]))).toBe(sentence);
});
