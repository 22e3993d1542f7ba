// A new seller: a row, and an API key that is shown once.

import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { tenant } from "#db/tables/index.ts";
import type { Tables } from "#db/tables.ts";
import { CommandError } from "../kernel/errors.ts";
import type { TenantId } from "../kernel/ids.ts";
import { hashToken, newToken } from "../kernel/secret.ts";

const Input = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 120 }),
  email: Type.String({ maxLength: 254, pattern: "^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$" }),
  password: Type.Optional(Type.String({ minLength: 8, maxLength: 256 })),
});

/** Adds a tenant; throws CommandError when the data are not right or the e-mail is taken. */
export async function addTenant(
  tables: Tables,
  input: { name: string; email: string; password?: string },
): Promise<{ tenantId: TenantId; apiKey: string }> {
  if (!Value.Check(Input, input))
    throw new CommandError(
      "A tenant needs a name, an e-mail address, and, if a password is given, at least 8 characters of it.",
      2,
    );
  const apiKey = `gb_${newToken()}`;
  const passwordHash = input.password === undefined ? null : await Bun.password.hash(input.password, "argon2id");
  const [row] = await tables
    .insert(tenant)
    .values({ name: input.name, email: input.email.toLowerCase(), passwordHash, apiKeyHash: hashToken(apiKey) })
    .onConflictDoNothing({ target: tenant.email })
    .returning({ id: tenant.id });
  if (!row) throw new CommandError(`There is a tenant with the e-mail ${input.email} already.`);
  return { tenantId: row.id as TenantId, apiKey };
}
