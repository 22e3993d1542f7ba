// What is told to systemd, as it arrives there, and what is understood of what it says.

import { expect, test } from "bun:test";
import { closeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openListener } from "#src/commands/listener.ts";
import { listenOn, localAddress } from "#src/kernel/libc.ts";
import { openLog } from "#src/kernel/log.ts";
import { readManaged, withListener } from "#src/kernel/own-process.ts";
import { openSystemd } from "#src/kernel/systemd.ts";
import { openNotifySocket } from "../support/notify-socket.ts";
import { until } from "../support/until.ts";

const quiet = openLog("silent", 2);
const pid = String(process.pid);

test("at a path and at an abstract address it says what is so, in the words of sd_notify", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "grimbots-notify-"));
  for (const place of [path.join(folder, "notify"), `@grimbots-notify-${pid}`]) {
    using socket = openNotifySocket(place);
    const systemd = openSystemd({ notifySocket: place, watchdogMs: undefined, listener: undefined }, quiet);
    systemd.serves("serves");
    systemd.tells("1 of 2 processes serve");
    systemd.handsOver();
    systemd.ends();
    const told = await until("all of it is there", () => (socket.told().length === 4 ? socket.told() : undefined));
    expect(told).toEqual([
      { MAINPID: pid, READY: "1", STATUS: "serves" },
      { STATUS: "1 of 2 processes serve" },
      { RELOADING: "1", MONOTONIC_USEC: expect.stringMatching(/^\d+$/), STATUS: "handing over" },
      { STOPPING: "1", STATUS: "ending" },
    ]);
  }
  await rm(folder, { recursive: true });
});

test("a listening socket that it is given to keep is the same socket there", async () => {
  using socket = openNotifySocket(`@grimbots-keep-${pid}`);
  const systemd = openSystemd({ notifySocket: socket.path, watchdogMs: undefined, listener: undefined }, quiet);
  for (const host of ["127.0.0.1", "::1"]) {
    const fd = listenOn(host, 0);
    const address = localAddress(fd);
    expect(address).toMatchObject({ host });
    const before = socket.kept().length;
    systemd.keeps(fd);
    closeSync(fd);
    const kept = await until("it is there", () => socket.kept()[before]);
    expect(localAddress(kept)).toEqual(address);
  }
  expect(socket.told()[0]).toEqual({ FDSTORE: "1", FDNAME: "grimbots", FDPOLL: "0" });
});

test("a kept socket is used again where it listens; elsewhere another one takes its place", async () => {
  using socket = openNotifySocket(`@grimbots-again-${pid}`);
  const fd = listenOn("127.0.0.1", 0);
  const port = localAddress(fd)?.port ?? 0;
  const managed = { notifySocket: socket.path, watchdogMs: undefined, listener: { fd, isKept: true } };
  const systemd = openSystemd(managed, quiet);
  expect(await openListener({ host: "127.0.0.1", port }, managed, systemd)).toBe(fd);
  expect(await openListener({ host: "localhost", port: 0 }, managed, systemd)).toBe(fd);
  const ofAUnit = { ...managed, listener: { fd, isKept: false } };
  expect(await openListener({ host: "127.0.0.1", port: 1 }, ofAUnit, systemd)).toBe(fd);

  const other = (await openListener({ host: "127.0.0.2", port }, managed, systemd)) ?? -1;
  expect(localAddress(other)).toEqual({ host: "127.0.0.2", port });
  await until("it is kept in place of the other", () => socket.kept().length === 1);
  expect(socket.told()).toEqual([
    { FDSTOREREMOVE: "1", FDNAME: "grimbots" },
    { FDSTORE: "1", FDNAME: "grimbots", FDPOLL: "0" },
  ]);
  const taken = openListener({ host: "127.0.0.2", port }, { ...managed, listener: undefined }, systemd);
  await expect(taken).rejects.toThrow("EADDRINUSE); set HOST and PORT to an address that is free.");
  closeSync(other);
  const unmanaged = { ...managed, notifySocket: undefined, listener: undefined };
  expect(await openListener({ host: "127.0.0.1", port }, unmanaged, systemd)).toBeUndefined();
});

test("it says that it lives at once and twice within the time that is asked for, and nothing when nobody asks", async () => {
  using socket = openNotifySocket(`@grimbots-watchdog-${pid}`);
  openSystemd({ notifySocket: undefined, watchdogMs: 20, listener: undefined }, quiet).serves("nobody hears it");
  openSystemd({ notifySocket: socket.path, watchdogMs: undefined, listener: undefined }, quiet);
  openSystemd({ notifySocket: socket.path, watchdogMs: 60_000, listener: undefined }, quiet);
  await until("the first one", () => socket.told().length === 1);
  openSystemd({ notifySocket: socket.path, watchdogMs: 20, listener: undefined }, quiet);
  await until("four more", () => socket.told().length >= 5);
  expect(socket.told().every((told) => told.WATCHDOG === "1")).toBe(true);
});

test("a service manager that is gone is not missed", () => {
  const managed = { notifySocket: "@grimbots-nobody", watchdogMs: undefined, listener: undefined };
  expect(() => openSystemd(managed, quiet).serves("nobody is there")).not.toThrow();
});

test("what is meant for another process is not taken", () => {
  const listener = { fd: 3, isKept: false };
  const nothing = { notifySocket: undefined, watchdogMs: undefined, listener: undefined };
  expect(readManaged({})).toEqual(nothing);
  expect(readManaged({ LISTEN_FDS: "1", LISTEN_PID: pid })).toEqual({ ...nothing, listener });
  expect(readManaged({ LISTEN_FDS: "1", LISTEN_PID: "1" })).toEqual(nothing);
  expect(readManaged({ LISTEN_FDS: "1", LISTEN_FDNAMES: "grimbots" }).listener).toEqual({ fd: 3, isKept: true });
  expect(readManaged({ NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "30000000", WATCHDOG_PID: pid })).toEqual({
    ...nothing,
    notifySocket: "/n",
    watchdogMs: 30_000,
  });
  expect(readManaged({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" })).toEqual(nothing);
  expect(readManaged(withListener({ LISTEN_PID: "1", LISTEN_FDS: "1" }, true)).listener).toEqual({
    fd: 3,
    isKept: true,
  });
  expect(withListener({ LISTEN_FDS: "1", PORT: "1" }, false)).toEqual({ PORT: "1" });
});
