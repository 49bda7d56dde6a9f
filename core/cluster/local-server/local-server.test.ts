import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { after, test } from "node:test";
import { aboutDeployment } from "../../client/index.ts";
import { systemClock } from "../../platform/clock.ts";
import { Failure } from "../../platform/failure.ts";
import { freePort } from "../../platform/free-port.ts";
import { projectRoot } from "../../platform/project-root.ts";
import { writablePlace } from "../../store/embedded/place.ts";
import { portOf } from "../../testing/port-of.ts";
import { until } from "../../testing/until.ts";
import { addressOf, type LocalServerParts, type LocalServerPlace, useLocalServer } from "./local-server.ts";

const scratch = mkdtempSync(path.join(writablePlace(), "local-server-test-"));
chmodSync(scratch, 0o755);
after(() => rmSync(scratch, { recursive: true, force: true }));
const never = new AbortController().signal;

const parts: LocalServerParts = {
  program: path.join(projectRoot, "dist/bin/fastchat.js"),
  answers: async (address) => (await aboutDeployment(address)).ok,
  clock: systemClock,
};
const answers = (place: LocalServerPlace) => parts.answers(addressOf(place));
const moduleUrl = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);

test("chats that begin at once share one server, which outlives the first of them and ends after the last", async () => {
  const place = { directory: path.join(scratch, "shared"), port: await freePort(), unusedSeconds: 4 };
  // Each chat is a program of its own, as in two terminals.
  const script = `
    import { useLocalServer } from ${moduleUrl("./local-server.js")};
    import { systemClock } from ${moduleUrl("../../platform/clock.js")};
    import { aboutDeployment } from ${moduleUrl("../../client/index.js")};
    const answers = async (address) => (await aboutDeployment(address)).ok;
    const parts = { program: ${JSON.stringify(parts.program)}, answers, clock: systemClock };
    const letGo = await useLocalServer(${JSON.stringify(place)}, parts, new AbortController().signal);
    process.stdout.write("ready");
    process.stdin.on("data", () => { letGo(); process.exit(0); });
  `;
  const chats = [0, 1].map(() =>
    spawn(process.execPath, ["--input-type=module", "-e", script], {
      cwd: scratch,
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  await Promise.all(chats.map(({ stdout }) => once(stdout, "data")));
  assert.ok(await answers(place));
  const [first, second] = chats;
  first?.kill("SIGKILL");
  // This takes longer than the server lives unused, so it must have been used.
  const touchedMs = () => statSync(path.join(place.directory, "in-use")).mtimeMs;
  const killedMs = touchedMs();
  await until(() => touchedMs() - killedMs > 1500 * place.unusedSeconds, "the second chat goes on using it");
  assert.ok(await answers(place));
  second?.stdin.write("end");
  await until(async () => !(await answers(place)), "the server has ended");
  const lock = path.join(place.directory, "data/postgres/data/postmaster.pid");
  await until(() => !existsSync(lock), "its database has, too");
  const socket = createServer().listen(place.port, "127.0.0.1");
  await once(socket, "listening");
  socket.close();
});

test("a port that is taken, and a directory that is not one, are failures", async () => {
  const other = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(other, "listening");
  const port = portOf(other);
  const stopping = new AbortController();
  const log = path.join(scratch, "taken", "server.log");
  const place = { directory: path.join(scratch, "taken"), port, unusedSeconds: 1 };
  const waiting = useLocalServer(place, parts, stopping.signal);
  const failed = assert.rejects(waiting, (cause) => cause instanceof Failure && cause.code === "local_server_failed");
  await until(() => existsSync(log) && readFileSync(log, "utf8").includes("port_in_use"), "a server has tried");
  stopping.abort();
  await failed;
  other.close();
  const directory = path.join(scratch, "unusable");
  mkdirSync(directory);
  writeFileSync(path.join(directory, "data"), "no directory");
  const port2 = await freePort();
  for (const place of [directory, path.join(directory, "data"), path.join(directory, "data", "below")]) {
    await assert.rejects(
      useLocalServer({ directory: place, port: port2, unusedSeconds: 1 }, parts, never),
      (cause) => cause instanceof Failure && cause.code === "local_server_failed",
    );
  }
});
