import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { devCertificate } from "../core/cluster/tls/dev-certificates.ts";
import { startCommand, untilItServes } from "../core/testing/command-line.ts";
import { freshDatabase } from "../core/testing/database.ts";
import { shownCertificate } from "../core/testing/shown-certificate.ts";
import { until } from "../core/testing/until.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "serve-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

test("SIGHUP has servers read their certificate again, SIGTERM stops them in good order", async () => {
  const files = { cert: path.join(scratch, "cert.pem"), key: path.join(scratch, "key.pem") };
  const install = (name: string) => {
    const { certFile, keyFile } = devCertificate(path.join(scratch, name), "127.0.0.1", new Date());
    copyFileSync(certFile, files.cert);
    copyFileSync(keyFile, files.key);
  };
  install("first");
  const serving = startCommand(
    [
      "serve",
      ...["--servers", "2", "--port", "0", "--log-level", "error", "--data-dir", path.join(scratch, "data")],
      ...["--tls-cert", files.cert, "--tls-key", files.key, "--database", await freshDatabase()],
    ],
    { cwd: scratch },
  );
  const target = await untilItServes(serving);
  const first = await shownCertificate(target);
  install("second");
  serving.child.kill("SIGHUP");
  await until(async () => (await shownCertificate(target)) !== first, "new connections are shown the new certificate");
  serving.child.kill("SIGTERM");
  assert.equal(await serving.ended, 0, serving.err());
  assert.match(serving.out(), /stopped\n$/);
});
