// grimbots sandbox-gateway

import { CommandError } from "../kernel/errors.ts";
import { askedToEnd } from "../kernel/life.ts";
import { startSandboxGateway } from "../sandbox-gateway/server.ts";
import { portOf } from "./arguments.ts";
import type { Command } from "./command.ts";

export const sandboxGateway: Command = {
  words: "sandbox-gateway",
  summary: "runs a payment gateway that moves no money, for trying out, tests and benchmarks.",
  flags: [
    { name: "port", value: "PORT", means: "Port to listen on; default 8082, 0 = any free one." },
    { name: "seed", value: "NUMBER", means: "Every chance follows from it, so that a run can be repeated; default 1." },
  ],
  async run(flags, print) {
    const port = portOf(flags, 8082);
    const seed = Number(flags.text("seed") ?? 1);
    if (!Number.isSafeInteger(seed)) throw new CommandError("--seed must be a whole number.", 2);
    const ending = askedToEnd();
    await using sandbox = await startSandboxGateway({ port, seed });
    print({ url: sandbox.url }, guideTo(sandbox.url));
    await ending;
  },
};

const guideTo = (url: string): string =>
  [
    `Sandbox gateway at ${url} (the base URL of its API); control it at ${url}/_/. Ctrl-C ends it.`,
    "",
    "Make a merchant; the answer holds its token and the secret of its notices:",
    `  curl -X POST ${url}/_/merchant`,
    "Pay a charge, by its id or by the reference it was made with:",
    `  curl -X POST ${url}/_/pay -d '{"reference":"REFERENCE"}'`,
    "Pay everything that waits:",
    `  curl -X POST ${url}/_/pay-all`,
  ].join("\n");
