// A turn of one database in the benchmark of growth: tidied up, its program started and warmed up, measured, and written to the disk.

import { openTurn } from "./contenders.ts";
import { type CpuUse, cpuBetween, readCpu } from "./cpu.ts";
import { type Pages, pagesBetween, readPages } from "./growth-books.ts";
import type { Grown } from "./growth-databases.ts";
import { mixedChat } from "./growth-people.ts";
import type { Chats, Kept } from "./kept.ts";
import { type Measurable, type Measured, measure } from "./measure.ts";
import type { Ground } from "./stage.ts";
import { isDoneWithin } from "./wait-for.ts";

/** `pages`: while it was measured. `writing`: of the CHECKPOINT right after it. */
export type GrowthTurn = { database: string; round: number; measured: Measured; pages: Pages; writing: CpuUse };
export type Pace = { perSecond: number; seconds: number; warmUpSeconds: number };

const SYNC_MS = 100;
/** What the warm-up left undone may take so long. */
const REST_MS = 10_000;

export async function takeGrowthTurn(ground: Ground, grown: Grown, pace: Pace, round: number): Promise<GrowthTurn> {
  const { perSecond, seconds, warmUpSeconds } = pace;
  await grown.sql.unsafe(`VACUUM (ANALYZE) ${grown.tables.join(", ")}`);
  await using stage = mixed(await openTurn(ground, grown));
  const books = await stage.openBooks();
  await stage.load.drive({ perSecond, seconds: warmUpSeconds, schedule: "poisson", seed: 0 });
  await isDoneWithin(REST_MS, async () => (await books.pending()) === 0);
  const before = await readPages(grown.sql);
  let after = before;
  const watched: Measurable = {
    ...stage,
    openBooks: async () => {
      const { pending, count } = await stage.openBooks();
      // The count reads pages, too: it comes after what is told of them.
      const countAfter = async (chats: Chats): Promise<Kept> => {
        after = await readPages(grown.sql);
        return count(chats);
      };
      return { pending, count: countAfter };
    },
  };
  const measured = await measure(
    watched,
    { perSecond, seconds, schedule: "poisson", seed: round, resend: true },
    SYNC_MS,
  );
  const pages = pagesBetween(before, after);
  const cpu = readCpu(stage.roots());
  await grown.sql`CHECKPOINT`;
  const writing = cpuBetween(cpu, readCpu(stage.roots()));
  return { database: grown.name, round, measured, pages, writing };
}

/** Every other one who writes is a regular; to what joins sends with arrivals, chats are numbered as ever. */
function mixed(stage: Measurable): Measurable {
  const { load, fake } = stage;
  let numbers = new Map<number, number>();
  return {
    ...stage,
    load: {
      ...load,
      async drive(order) {
        const driven = await load.drive({ ...order, sort: "mixed" });
        numbers = new Map(
          driven.status.entries().map(([n]) => [mixedChat(driven.firstChat + n), driven.firstChat + n]),
        );
        return driven;
      },
    },
    fake: {
      ...fake,
      async sends(input) {
        const page = await fake.sends(input);
        return { ...page, sends: page.sends.map(([chat, ...rest]) => [numbers.get(chat) ?? 0, ...rest]) };
      },
    },
  };
}
