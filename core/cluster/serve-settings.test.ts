import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { serveSettings as settings } from "./serve-settings.ts";

const text = (file: string) => readFileSync(path.join(projectRoot, file), "utf8").replace(/\s+/g, " ");
const mebibytes = (bytes: number) => `${bytes / 1024 ** 2} MiB`;

test("the limits of a server are by default those that PROTOCOL.md states", () => {
  const stated = text("core/wire/PROTOCOL.md");
  for (const row of [
    `| ${settings.sendsPerSecond.default} a second, ${settings.sendBurst.default} at once | messages of one user`,
    `| ${settings.failedLoginsPerMinute.default} a minute, ${settings.failedLoginBurst.default} at once | logins of one name`,
    `| ${settings.connectionsMax.default.toLocaleString("en")} | connections to one server`,
    `| ${mebibytes(settings.backpressureBytesMax.default)} | bytes that wait for a connection`,
    `| ${settings.idleSecondsMax.default} s | silence of a connection`,
    `| ${mebibytes(settings.attachmentBytesMax.default)} | bytes of a file`,
    `| ${settings.attachmentQuotaBytes.default / 1024 ** 3} GiB | bytes of all attachments of a user`,
  ]) {
    assert.ok(stated.includes(row), row);
  }
});

test("without settings there is one server, which this machine alone reaches, in clear, with its data where README.md says", () => {
  const { host, port, servers, strategy, dataDir, transport, tls, insecure } = settings;
  assert.deepEqual(
    [host, port, servers, strategy, transport, tls, insecure].map((of) => of.default),
    ["127.0.0.1", 7400, 1, "round-robin", "uws", "off", false],
  );
  assert.ok(text("README.md").includes(`keeps its database and secret in \`${dataDir.default}\``));
});
