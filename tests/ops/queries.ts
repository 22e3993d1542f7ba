// What a query of Prometheus' asks for: the series it names and the labels it uses, read well enough for ours.

import type { ofAll } from "#src/kernel/metrics/registries.ts";

export type Asked = { name: string; labels: string[] };
/** Metric, or recorded series → its labels. */
export type Known = Map<string, Set<string>>;

/** Labels that Prometheus itself, and the scrape of several processes, add to every series. */
const ADDED = ["job", "instance", "process"];
const WORDS = new Set(["and", "or", "unless", "bool", "on", "ignoring", "group_left", "group_right", "offset"]);

/** The series that a query names, each with the labels of its own selector and those that the query groups by. */
export function askedIn(query: string): Asked[] {
  const grouped = [...query.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, list = ""]) =>
    list.split(",").map((one) => one.trim()),
  );
  const bare = query.replace(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, " ").replace(/\[[^\]]*\]/g, " ");
  const named = bare.matchAll(/([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?(\s*\()?/g);
  return [...named].flatMap(([, name = "", selector, call]) => {
    if (call || WORDS.has(name)) return [];
    const own = [...(selector ?? "").matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = ""]) => label);
    return [{ name, labels: [...new Set([...own, ...grouped])] }];
  });
}

/** All series of some registries by their names as they are written out. */
export function seriesOf(...registries: (typeof ofAll)[]): Known {
  const known: Known = new Map([["up", new Set(["job", "instance"])]]);
  for (const registry of registries)
    for (const metric of registry.getMetricsAsArray() as unknown as {
      name: string;
      type: string;
      labelNames: string[];
    }[]) {
      const labels = [...metric.labelNames, ...ADDED];
      if (metric.type !== "histogram") known.set(metric.name, new Set(labels));
      else {
        known.set(`${metric.name}_bucket`, new Set([...labels, "le"]));
        for (const part of ["sum", "count"]) known.set(`${metric.name}_${part}`, new Set(labels));
      }
    }
  return known;
}

/** What a query asks for that nobody tells: "series", or "series{label}". A label that one of its series has may group all. */
export function unknownIn(query: string, known: Known): string[] {
  const asked = askedIn(query);
  const somewhere = new Set(asked.flatMap(({ name }) => [...(known.get(name) ?? [])]));
  return asked.flatMap(({ name, labels }) => {
    if (!known.has(name)) return [name];
    return labels.filter((label) => !somewhere.has(label)).map((label) => `${name}{${label}}`);
  });
}
