// A CPU profile as Bun writes it (Chrome's .cpuprofile), read into shares by module. Pure.

/** Microseconds; `samples` are ids of nodes, each `timeDeltas` after the one before. */
export type CpuProfile = {
  nodes: readonly { id: number; callFrame: { url: string; functionName: string }; children?: readonly number[] }[];
  startTime: number;
  endTime: number;
  samples: readonly number[];
  timeDeltas: readonly number[];
};

export type Share = { module: string; milliseconds: number };

/** Self time by module from `fromUs` to `toUs` on the profile's clock, the most first. What the runtime does for a module is the module's. */
export function sharesByModule(profile: CpuProfile, fromUs: number, toUs: number): Share[] {
  const moduleOf = modulesOf(profile);
  const sums = new Map<string, number>();
  let atUs = profile.startTime;
  for (const [index, node] of profile.samples.entries()) {
    const deltaUs = profile.timeDeltas[index] ?? 0;
    atUs += deltaUs;
    if (atUs < fromUs || atUs > toUs) continue;
    const module = moduleOf(node);
    sums.set(module, (sums.get(module) ?? 0) + deltaUs / 1_000);
  }
  return [...sums]
    .map(([module, milliseconds]) => ({ module, milliseconds }))
    .toSorted((a, b) => b.milliseconds - a.milliseconds);
}

/** Of a node: the module of the nearest caller that is in a file. */
function modulesOf({ nodes }: CpuProfile): (node: number) => string {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const known = new Map<number, string>();
  return (node) => {
    const cached = known.get(node);
    if (cached !== undefined) return cached;
    let at: number | undefined = node;
    while (at !== undefined && !frames.get(at)?.url.startsWith("file://")) at = callers.get(at);
    const module = at === undefined ? "the runtime itself" : nameOf(frames.get(at)?.url ?? "");
    known.set(node, module);
    return module;
  };
}

/** A package by its name, a file of ours by its folder: `src/telegram`, `db`. */
function nameOf(url: string): string {
  const library = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (library !== undefined) return library;
  const own = /\/(src|db|queues)\/(?:([^/]+)\/)?[^/]+$/.exec(url);
  return own ? [own[1], own[2]].filter(Boolean).join("/") : "elsewhere";
}
