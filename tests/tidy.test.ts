// The house rules, held by a test: what a file says of itself, who may import whom, what stands where, and complete lists.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import path from "node:path";
import { settings } from "#src/kernel/config.ts";
import packageJson from "../package.json" with { type: "json" };
import { codeOf, type Import, importsOf, projectFolder, readSources, type Source } from "./support/sources.ts";

const sources = readSources();
const inside = (...folders: string[]): Source[] =>
  sources.filter(({ file }) => folders.some((folder) => file === folder || file.startsWith(`${folder}/`)));
/** What runs at our users': the tests' and the tools' own code is freer. */
const program = inside("src", "db", "queues");

/** The files of `some` whose code matches, but for those that may. */
function filesWith(pattern: RegExp, some: Source[], allowed: string[] = []): string[] {
  const found = some.filter((source) => pattern.test(codeOf(source))).map(({ file }) => file);
  return found.filter((file) => !allowed.includes(file));
}

describe("a file", () => {
  test("begins with a comment that says what it is for", () => {
    const silent = sources.filter(({ text }) => !/^(\/\/|--) \S.{8,}/.test(text));
    expect(silent.map(({ file }) => file)).toEqual([]);
  });

  test("has at most 250 lines", () => {
    // A released migration never changes, so it is never too long.
    const bounded = sources.filter(({ file }) => !file.startsWith("db/migrations/"));
    const long = bounded.filter(({ text }) => text.trimEnd().split("\n").length > 250);
    expect(long.map(({ file }) => file)).toEqual([]);
  });

  test("has a name in kebab-case that promises no Manager, Service, Helper, Util or Impl", () => {
    const names = program.map(({ file }) => path.basename(file).replace(/\.(d\.)?[a-z]+$/, ""));
    expect(names.filter((name) => !/^[a-z0-9]+([-_][a-z0-9]+)*$/.test(name))).toEqual([]);
    expect(names.filter((name) => /(^|-)(manager|service|helper|util|impl)s?(-|$)/.test(name))).toEqual([]);
    expect(filesWith(/\bfunction handle[A-Z]|\bconst handle[A-Z]/, program)).toEqual([]);
  });
});

/**
 * Folder, or file of the spine → what of ours it may import besides itself. "type …": the type only, nothing at run time. Whatever is
 * not named may not be imported; a folder without a line here fails.
 */
const MAY_IMPORT: Record<string, string[]> = {
  // The vocabulary, and what stands on nothing else.
  "src/kernel": [],
  "src/qr": [],
  "src/funnel": ["src/kernel"],
  "src/embedded": ["src/kernel"],
  db: ["src/kernel"],
  queues: ["src/kernel"],
  "src/inbox": ["src/kernel", "db"],
  // The domains: never one another's folder. They meet in effects (out) and inbox rows (in).
  "src/telegram": ["src/kernel", "src/funnel", "src/inbox", "src/qr", "db"],
  "src/payments": ["src/kernel", "src/inbox", "db"],
  "src/broadcasts": ["src/kernel", "src/funnel", "src/inbox", "db"],
  "src/tenants": ["src/kernel", "db"],
  // Looks at the whole open program, so it is given all of it; what it needs to know is only its type.
  "src/ops": ["src/kernel", "db", "queues", "type src/app.ts"],
  // Telegram's part is played by its own rules: of the program it shares the reading of HTML, and the form of an error.
  "src/fake-telegram": ["src/kernel", "src/funnel/html.ts", "src/funnel/formatted.ts"],
  // A gateway plays a vendor: of the program it shares money and the form of an error.
  "src/sandbox-gateway": ["src/kernel"],
  // The spine knows the domains. app.ts opens it all; the others are given what is open.
  "src/http": [
    ...["src/kernel", "src/funnel", "src/telegram", "src/payments", "src/broadcasts", "src/tenants", "src/ops"],
    "type src/app.ts",
  ],
  "src/deciding.ts": ["src/kernel", "src/inbox", "src/telegram", "type src/perform.ts"],
  "src/process.ts": ["src/kernel", "src/inbox", "src/telegram", "db", "src/deciding.ts", "type src/perform.ts"],
  "src/at-once.ts": [
    ...["src/kernel", "src/inbox", "src/telegram", "db", "src/deciding.ts"],
    ...["type src/perform.ts", "type src/process.ts"],
  ],
  "src/perform.ts": ["src/kernel", "src/inbox", "src/telegram", "db"],
  "src/broadcasting.ts": ["src/kernel", "src/inbox", "src/funnel", "src/telegram", "src/broadcasts", "db"],
  "src/work.ts": ["src/kernel", "src/inbox", "src/payments", "queues", "db", "type src/app.ts"],
  "src/monitoring.ts": ["src/kernel", "src/inbox", "src/telegram", "src/ops", "type src/app.ts", "type queues"],
  "src/sweeping.ts": ["src/kernel", "src/inbox", "src/work.ts", "type src/app.ts"],
  "src/app.ts": [
    ...["src/kernel", "src/inbox", "src/telegram", "src/payments", "queues", "db"],
    ...[
      "src/at-once.ts",
      "src/process.ts",
      "src/perform.ts",
      "src/broadcasting.ts",
      "src/work.ts",
      "src/sweeping.ts",
      "src/monitoring.ts",
    ],
  ],
  "src/commands": ["src/kernel", "src/telegram", "src/tenants", "src/http", "src/embedded", "src/fake-telegram"].concat(
    ...[
      "src/payments",
      "src/broadcasts",
      "src/sandbox-gateway",
      "src/ops",
      "src/app.ts",
      "src/monitoring.ts",
      "queues",
      "db",
      // doctor names the version of what it looks at.
      "package.json",
    ],
  ),
  "src/main.ts": ["src/kernel", "src/commands", "package.json"],
  // Nothing of the program imports these.
  deploy: ["src/embedded"],
  bench: ["src", "db", "queues", "deploy", "package.json"],
  tests: ["src", "db", "queues", "deploy", "bench", "package.json"],
};

/** The line of the table that a file falls under. */
const unitOf = (file: string): string => {
  const [top = "", second = ""] = file.split("/");
  return top === "src" ? `src/${second}` : top;
};

function isAllowed({ file, target, isType }: Import): boolean {
  const may = MAY_IMPORT[unitOf(file)] ?? [];
  const covers = (place: string) => target === place || target.startsWith(`${place}/`);
  if (covers(unitOf(file))) return true;
  return may.some((place) => (place.startsWith("type ") ? isType && covers(place.slice(5)) : covers(place)));
}

describe("imports", () => {
  test("every folder has a line in the table", () => {
    const units = new Set(sources.filter(({ file }) => file.includes("/")).map(({ file }) => unitOf(file)));
    expect([...units].filter((unit) => MAY_IMPORT[unit] === undefined)).toEqual([]);
  });

  test("go only where the table lets them", () => {
    const strays = sources.flatMap(importsOf).filter((one) => !isAllowed(one));
    expect(strays.map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
  });

  test("name the file with its extension", () => {
    const vague = sources.flatMap(importsOf).filter(({ target }) => !/\.(ts|tsx|mjs|json|sql|html)$/.test(target));
    expect(vague.map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
  });
});

describe("in the program", () => {
  test("only the configuration reads the environment", () => {
    expect(filesWith(/\b(process|Bun|import\.meta)\.env\b/, program, ["src/kernel/config.ts"])).toEqual([]);
  });

  test("only the named callers fetch", () => {
    // Telegram is called in src/telegram/api.ts; the fake's client talks to the fake.
    expect(
      filesWith(/(?<![.\w])fetch\(/, program, [
        "src/telegram/api.ts",
        "src/commands/doctor/reach.ts",
        "src/fake-telegram/control-client.ts",
        "src/payments/gateways/call.ts",
        "src/sandbox-gateway/control-client.ts",
        "src/sandbox-gateway/post-notice.ts",
      ]),
    ).toEqual([]);
  });

  test("nobody writes to the console, and only who talks to a person writes to the streams", () => {
    expect(filesWith(/\bconsole\./, [...program, ...inside("deploy", "bench", "tests")])).toEqual([]);
    const talking = ["src/main.ts", "src/commands/demo.ts"];
    expect(filesWith(/process\.(stdout|stderr)\.write/, program, talking)).toEqual([]);
  });

  test("decisions and the funnel know no clock and no chance but those they are given", () => {
    const pure = program.filter(({ file }) => /\/decide\.ts$|^src\/funnel\//.test(file));
    expect(pure.length).toBeGreaterThan(10);
    expect(filesWith(/\bDate\.now\(|\bnew Date\(\s*\)|\bMath\.random\b|\bcrypto\b|\bperformance\.now\(/, pure)).toEqual(
      [],
    );
    expect(filesWith(/\b(await|async)\b/, pure)).toEqual([]);
  });

  test("classes are errors, and nothing waits while a file is being loaded", () => {
    expect(filesWith(/^(export )?(abstract )?class (?!\w+ extends Error\b)/m, program)).toEqual([]);
    // Bytecode cannot hold it.
    expect(filesWith(/^(await|(export )?(const|let) .*= await|for await)\b/m, program)).toEqual([]);
  });
});

test("nothing is forced past the compiler and nothing is left for later", () => {
  const code = sources.filter(({ file }) => !file.endsWith(".sql"));
  // The words that are forbidden; no file has them.
  expect(filesWith(/\bas any\b|[:<]\s*any\b/, code)).toEqual([]);
  expect(code.filter(({ text }) => /@ts-(ignore|nocheck)/.test(text)).map(({ file }) => file)).toEqual([]);
  expect(sources.filter(({ text }) => /\bTODO\b|\bFIXME\b/.test(text)).map(({ file }) => file)).toEqual([]);
});

/** Folder → its list, and what makes a file there one that must be in it. */
const LISTS: { folder: string; list: string; belongs: (source: Source) => boolean }[] = [
  { folder: "src/commands", list: "index.ts", belongs: ({ text }) => /: Command = \{/.test(text) },
  { folder: "src/http", list: "index.ts", belongs: ({ text }) => /export function \w+Door\(/.test(text) },
  { folder: "src/funnel/steps", list: "index.ts", belongs: () => true },
  {
    folder: "src/fake-telegram/bot-api",
    list: "list.ts",
    belongs: ({ text }) => /export .*\bcall\b|: Method\b/.test(text),
  },
  { folder: "queues", list: "index.ts", belongs: ({ text }) => /= defineQueue\(/.test(text) },
  { folder: "db/tables", list: "index.ts", belongs: () => true },
  { folder: "db/migrations", list: "index.ts", belongs: ({ file }) => file.endsWith(".sql") },
];

describe("lists are complete", () => {
  for (const { folder, list, belongs } of LISTS) {
    test(`${folder}/${list}`, () => {
      const listFile = `${folder}/${list}`;
      const listed = new Set(
        inside(listFile)
          .flatMap(importsOf)
          .map(({ target }) => target),
      );
      const members = inside(folder).filter((source) => source.file !== listFile && belongs(source));
      expect(members.length).toBeGreaterThan(0);
      expect(members.map(({ file }) => file).filter((file) => !listed.has(file))).toEqual([]);
    });
  }

  test("migrations are numbered without a gap", () => {
    const names = inside("db/migrations").flatMap(({ file }) => /(\d{4})_\w+\.sql$/.exec(file)?.[1] ?? []);
    expect(names).toEqual(names.map((_, index) => String(index + 1).padStart(4, "0")));
  });
});

test("deploy/grimbots.env.example has every setting with its meaning and default, and no other", () => {
  const [, ...blocks] = readFileSync(path.join(projectFolder, "deploy/grimbots.env.example"), "utf8").split("\n\n");
  const written = blocks.map((block) => {
    const lines = block.trimEnd().split("\n");
    const [, name, value] = /^#([A-Z_]+)=(.*)$/.exec(lines.at(-1) ?? "") ?? [];
    const means = lines.slice(0, -1).map((line) => line.replace(/^# /, ""));
    return { name, default: value || undefined, means: means.join(" ") };
  });
  const known = settings.map((setting) => ({ default: undefined, ...setting }));
  expect(written).toEqual(known.map(({ name, means, ...one }) => ({ name, default: one.default, means })));
});

test("every package has one exact version", () => {
  const versions = Object.entries({ ...packageJson.dependencies, ...packageJson.devDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});
