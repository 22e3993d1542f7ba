// npm run bench: LIST of benchmarks by name; runs the one that is asked for and ends with 1 when it missed a target.

import { CommandError } from "#src/kernel/errors.ts";
import { allOf } from "./all.ts";
import { type Bench, helpOf, readFlags } from "./bench.ts";
import { broadcast } from "./broadcast.ts";
import { footprint } from "./footprint.ts";
import { growth } from "./growth.ts";
import { highest } from "./highest.ts";
import { hotPath } from "./hot-path.ts";
import { payment } from "./payment.ts";
import { peers } from "./peers.ts";
import { report } from "./report-command.ts";
import { restart } from "./restart.ts";
import { scale } from "./scale.ts";
import { start } from "./start.ts";
import { tasks } from "./tasks.ts";
import { throughput } from "./throughput.ts";
import { webhook } from "./webhook.ts";

const measuring: readonly Bench[] = [
  start,
  webhook,
  tasks,
  throughput,
  payment,
  restart,
  broadcast,
  scale,
  growth,
  footprint,
  peers,
];
const benches: readonly Bench[] = [...measuring, highest, hotPath, report, allOf(measuring)];

async function main(words: string[]): Promise<number> {
  const [first = "all"] = words;
  if (first === "--help" || first === "-h" || first === "help") return write(overview());
  // Flags without a name are for all of them.
  const [name = "all", ...args] = first.startsWith("-") ? ["all", ...words] : [first, ...words.slice(1)];
  const bench = benches.find((one) => one.name === name);
  if (!bench) throw new CommandError(`There is no benchmark "${name}"; \`npm run bench -- --help\` lists them.`, 2);
  const flags = readFlags(bench, args);
  if (flags.has("help")) return write(helpOf(bench));
  return (await bench.run(flags)) ? 0 : 1;
}

function overview(): string {
  const lines = benches.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`);
  return `npm run bench -- <name> [flags]\n\n${lines.join("\n")}\n\n\`npm run bench -- <name> --help\` shows its flags.\n`;
}

function write(text: string): number {
  process.stdout.write(text);
  return 0;
}

main(Bun.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    const isExpected = error instanceof CommandError;
    process.stderr.write(`${isExpected ? error.message : Bun.inspect(error)}\n`);
    process.exit(isExpected ? error.exitCode : 1);
  },
);
