// grimbots gateway add

import { readFileSync } from "node:fs";
import { openKeyring } from "../kernel/config.ts";
import { CommandError } from "../kernel/errors.ts";
import { addAccount } from "../payments/add-account.ts";
import { gateways } from "../payments/gateways/index.ts";
import { needTenant } from "./arguments.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

export const gatewayAdd: Command = {
  words: "gateway add",
  summary:
    "adds a seller's account at a payment gateway: tries its credentials with a real call, keeps them encrypted.",
  flags: [
    { name: "tenant", value: "ID", required: true, means: "The seller whose account it is." },
    { name: "kind", value: "K", required: true, means: `One of ${gateways.map(({ kind }) => kind).join(", ")}.` },
    {
      name: "credentials",
      value: "FILE",
      required: true,
      means: "JSON with the credentials; - reads it from stdin. Every kind accepts baseUrl in it.",
    },
    { name: "priority", value: "N", means: "Accounts with lower numbers are tried first. Default: 100." },
  ],
  async run(flags, print) {
    const tenantId = needTenant(flags);
    const priority = Number(flags.text("priority") ?? 100);
    if (!Number.isInteger(priority) || priority < 0 || priority > 10_000)
      throw new CommandError("--priority must be a whole number from 0 to 10000.", 2);
    const credentials = parse(await read(flags.need("credentials")));
    const kind = flags.need("kind");
    const added = await onDatabase((sql, config) =>
      addAccount(sql, {
        keyring: openKeyring(config.secretKey),
        publicUrl: config.publicUrl,
        ...{ tenantId, kind, credentials, priority },
      }),
    );
    const where = added.webhookUrl
      ? `its notices go to ${added.webhookUrl}`
      : "set PUBLIC_URL for its notices; until then it is only asked";
    print(added, `Account ${added.accountId} at ${kind} added; ${where}.`);
  },
};

async function read(file: string): Promise<string> {
  if (file === "-") return Bun.stdin.text();
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new CommandError(`${file} cannot be read.`, 2);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What stands in it is secret, so the sentence does not repeat it.
    throw new CommandError("The credentials are not JSON.", 2);
  }
}
