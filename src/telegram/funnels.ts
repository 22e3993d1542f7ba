// Funnel versions as they are read: immutable, so once in memory they are right for ever.

import type { Database } from "#db/connect.ts";
import type { SealedFunnel } from "../funnel/seal.ts";
import { createCache } from "../kernel/cache.ts";
import type { BotId, FunnelVersionId } from "../kernel/ids.ts";
import type { FunnelVersion } from "./decide.ts";

export type Funnels = {
  find(id: FunnelVersionId): Promise<FunnelVersion | undefined>;
  /** The version of this bot in which a button stands. */
  findByButton(botId: BotId, key: string): Promise<FunnelVersion | undefined>;
};

const VERSIONS_IN_MEMORY = 2_000;
const BUTTONS_IN_MEMORY = 20_000;

export function openFunnels(sql: Database): Funnels {
  const versions = createCache<FunnelVersionId, FunnelVersion>(VERSIONS_IN_MEMORY);
  const buttons = createCache<string, FunnelVersionId>(BUTTONS_IN_MEMORY);

  async function find(id: FunnelVersionId): Promise<FunnelVersion | undefined> {
    const known = versions.get(id);
    if (known) return known;
    const [row] = await sql<{ content: SealedFunnel }[]>`SELECT content FROM funnel_version WHERE id = ${id}`;
    if (!row) return undefined;
    const version = { id, funnel: row.content };
    versions.set(id, version);
    return version;
  }

  return {
    find,
    async findByButton(botId, key) {
      const name = `${botId}:${key}`;
      const known = buttons.get(name);
      if (known) return find(known);
      const [row] = await sql<{ id: FunnelVersionId }[]>`
        SELECT funnel_version_id AS id FROM funnel_button WHERE bot_id = ${botId} AND key = ${key}`;
      if (!row) return undefined;
      buttons.set(name, row.id);
      return find(row.id);
    },
  };
}
