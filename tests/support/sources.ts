// The project's own files as text, for the tests that hold the house rules.

import { readFileSync } from "node:fs";
import path from "node:path";
import { Glob } from "bun";

/** The project's folder. */
export const projectFolder = path.resolve(import.meta.dir, "../..");

/** A file by its path from the project's folder. */
export type Source = { file: string; text: string };

/** One `import … from` of a file of ours; `isType`: it leaves nothing behind when it runs. */
export type Import = { file: string; target: string; isType: boolean };

const FOLDERS = ["src", "db", "queues", "bench", "deploy", "tests"];

/** Every .ts, .tsx, .mjs and .sql file of the project's folders, in order of path. */
export function readSources(): Source[] {
  const files = FOLDERS.flatMap((folder) => [
    ...new Glob(`${folder}/**/*.{ts,tsx,mjs,sql}`).scanSync({ cwd: projectFolder, onlyFiles: true }),
  ]);
  const ours = files.filter((file) => !file.includes("/node_modules/"));
  return ours.sort().map((file) => ({ file, text: readFileSync(path.join(projectFolder, file), "utf8") }));
}

const IMPORT = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;

/** What a file imports or re-exports of ours: paths from the project's folder; packages are left out. */
export function importsOf({ file, text }: Source): Import[] {
  return [...text.matchAll(IMPORT)].flatMap(([, isType, from, lazily]) => {
    const name = from ?? lazily ?? "";
    if (name.startsWith("#")) return [{ file, target: name.slice(1), isType: isType !== undefined }];
    if (!name.startsWith(".")) return [];
    return [{ file, target: path.join(path.dirname(file), name), isType: isType !== undefined }];
  });
}

/** The text without comments and without what stands in quotes: code only, for rules about code. */
export function codeOf({ text }: Source): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|\s)\/\/.*$/gm, "$1")
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
}
