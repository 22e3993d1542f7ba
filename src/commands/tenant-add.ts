// grimbots tenant add

import { openTables } from "#db/tables.ts";
import { addTenant } from "../tenants/add-tenant.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

export const tenantAdd: Command = {
  words: "tenant add",
  summary: "adds a seller and prints his API key, once.",
  flags: [
    { name: "name", value: "NAME", required: true, means: "Name of the seller." },
    { name: "email", value: "EMAIL", required: true, means: "E-mail address, unique." },
    { name: "password-stdin", means: "Read the password for the dashboard from stdin." },
  ],
  async run(flags, print) {
    const password = flags.has("password-stdin") ? (await Bun.stdin.text()).trimEnd() : undefined;
    const input = { name: flags.need("name"), email: flags.need("email"), ...(password !== undefined && { password }) };
    const added = await onDatabase(async (_sql, config) => {
      await using tables = openTables(config.databaseUrl);
      // Awaited here: the tables close with this scope.
      return await addTenant(tables, input);
    });
    print(added, `Tenant ${added.tenantId} added. API key (shown only now): ${added.apiKey}`);
  },
};
