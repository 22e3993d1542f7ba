// Starts nginx and HAProxy with the files that operators copy, their addresses and folders replaced by a test's own.

import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "#src/embedded/free-port.ts";
import { projectFolder } from "../support/sources.ts";
import { toolPath } from "../support/tools.ts";
import { until } from "../support/until.ts";

/** A proxy that runs. `ca`: the certificate to trust, in PEM. */
export type ReverseProxy = {
  /** https:// and http://, without a slash at the end. */
  url: string;
  plainUrl: string;
  ca: string;
  /** All that it has written to its logs so far. */
  readLog(): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Ports of the two processes behind it. */
export type Upstreams = readonly [number, number];

type Place = { folder: string; tlsPort: number; plainPort: number; upstreams: Upstreams };

/** How a kind of proxy is made ready in a folder: gives the command, and the files it logs to besides its output. */
type Kind = (place: Place) => Promise<{ command: string[]; logs: string[] }>;

const SITE = "bots.example.com";
/** What stands under the path of ACME for a test to read. */
export const CHALLENGE = "a-challenge-answered";

/** LIST of proxies, by the name of the program. */
export const proxies: Record<"nginx" | "haproxy", Kind> = { nginx: prepareNginx, haproxy: prepareHaproxy };

/** Starts it with a certificate of its own; it listens when this resolves. */
export async function startProxy(name: keyof typeof proxies, upstreams: Upstreams): Promise<ReverseProxy> {
  const folder = await mkdtemp(path.join(tmpdir(), `grimbots-${name}-`));
  const place = { folder, upstreams, tlsPort: await freePort(), plainPort: await freePort() };
  const ca = await makeCertificate(folder);
  const tool = toolPath(name);
  const { command, logs } = await proxies[name](place);
  const child = Bun.spawn([tool.path, ...command], {
    env: { PATH: "/usr/bin:/bin", ...tool.env },
    stdin: "ignore",
    stdout: Bun.file(path.join(folder, "stdout")),
    stderr: Bun.file(path.join(folder, "stderr")),
  });
  const readLog = async () =>
    (await Promise.all(["stdout", "stderr", ...logs].map((file) => readFile(path.join(folder, file), "utf8")))).join(
      "",
    );
  const url = `https://127.0.0.1:${place.tlsPort}`;
  const listens = async () => {
    if (child.exitCode !== null) throw new Error(`${name} has ended: ${await readLog()}`);
    return fetch(`${url}/metrics`, { tls: { ca }, headers: { connection: "close" } }).then(
      () => true,
      () => false,
    );
  };
  await until(`${name} listens`, listens);
  return {
    ...{ url, plainUrl: `http://127.0.0.1:${place.plainPort}`, ca, readLog },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The file's text with each of these replaced; fails when one of them is not in it, so that file and test stay together. */
async function readWith(file: string, replaced: [string | RegExp, string][]): Promise<string> {
  let text = await readFile(path.join(projectFolder, "deploy", file), "utf8");
  for (const [from, to] of replaced) {
    const next = text.replaceAll(typeof from === "string" ? from : new RegExp(from, "gm"), to);
    if (next === text) throw new Error(`deploy/${file} has no ${from}`);
    text = next;
  }
  return text;
}

async function prepareNginx({ folder, upstreams, tlsPort, plainPort }: Place) {
  const site = await readWith("nginx/grimbots.conf", [
    ["server 127.0.0.1:8080 ", `server 127.0.0.1:${upstreams[0]} `],
    ["server 127.0.0.1:8081 ", `server 127.0.0.1:${upstreams[1]} `],
    [/^ *listen \[::\].*\n/, ""],
    ["listen 80;", `listen 127.0.0.1:${plainPort};`],
    ["listen 443 ", `listen 127.0.0.1:${tlsPort} `],
    [`/etc/letsencrypt/live/${SITE}`, folder],
    ["/var/log/nginx", folder],
    ["/var/www/letsencrypt", folder],
  ]);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/temporary;`,
  );
  const main = [
    "daemon off;",
    ...(process.getuid?.() === 0 ? ["user root;"] : []),
    "worker_processes 2;",
    `pid ${folder}/nginx.pid;`,
    `error_log ${folder}/error.log info;`,
    "events { worker_connections 1024; }",
    `http { access_log off; ${temporary.join(" ")} include ${folder}/grimbots.conf; }`,
  ];
  await writeFile(path.join(folder, "grimbots.conf"), site);
  await writeFile(path.join(folder, "nginx.conf"), main.join("\n"));
  const challenges = path.join(folder, ".well-known/acme-challenge");
  await mkdir(challenges, { recursive: true });
  await writeFile(path.join(challenges, "one"), CHALLENGE);
  const command = ["-p", folder, "-e", path.join(folder, "error.log"), "-c", path.join(folder, "nginx.conf")];
  return { command, logs: ["grimbots.log", "error.log"] };
}

async function prepareHaproxy({ folder, upstreams, tlsPort, plainPort }: Place) {
  const config = await readWith("haproxy/grimbots.cfg", [
    ["log /dev/log local0", "log stdout format raw local0"],
    // Each takes two files, and a test may have few.
    ["maxconn 16000", "maxconn 500"],
    [/^ *(chroot|user|group|stats socket) .*\n/, ""],
    ["bind :80\n", `bind 127.0.0.1:${plainPort}\n`],
    ["bind :443 ", `bind 127.0.0.1:${tlsPort} `],
    ["/etc/haproxy/certs/grimbots.pem", `${folder}/both.pem`],
    ["server one 127.0.0.1:8080", `server one 127.0.0.1:${upstreams[0]}`],
    ["server two 127.0.0.1:8081", `server two 127.0.0.1:${upstreams[1]}`],
    // In these tests the last of the processes behind it plays certbot, too.
    ["server certbot 127.0.0.1:8888", `server certbot 127.0.0.1:${upstreams[1]}`],
  ]);
  await writeFile(path.join(folder, "haproxy.cfg"), config);
  const pem = await Promise.all(
    ["fullchain.pem", "privkey.pem"].map((file) => readFile(path.join(folder, file), "utf8")),
  );
  await writeFile(path.join(folder, "both.pem"), pem.join(""));
  return { command: ["-db", "-f", path.join(folder, "haproxy.cfg")], logs: [] };
}

/** A self-signed certificate for the site and for this machine, with its key; gives the certificate. */
async function makeCertificate(folder: string): Promise<string> {
  await chmod(folder, 0o755);
  const openssl = toolPath("openssl");
  const [key, certificate] = ["privkey.pem", "fullchain.pem"].map((file) => path.join(folder, file));
  const names = `subjectAltName=DNS:${SITE},IP:127.0.0.1`;
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const made = await Bun.spawn(
    [
      ...[openssl.path, "req", "-x509", ...kind, "-subj", `/CN=${SITE}`, "-addext", names],
      ...["-keyout", `${key}`, "-out", `${certificate}`],
    ],
    // Without the machine's own settings, which may be missing.
    { env: { ...openssl.env, OPENSSL_CONF: "/dev/null" }, stdout: "ignore", stderr: "ignore" },
  ).exited;
  if (made !== 0) throw new Error("openssl could not make a certificate.");
  return readFile(`${certificate}`, "utf8");
}
