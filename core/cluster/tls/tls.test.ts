import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, suite, test } from "node:test";
import { dialAssigned, dialDirectly } from "../../client/socket/dial.ts";
import { httpAsk } from "../../client/socket/http.ts";
import { openLeanSocket } from "../../client/socket/lean-socket.ts";
import type { ClientSocket } from "../../client/socket/socket.ts";
import { plainFingerprint, type TlsTrust, trustDeployment } from "../../client/socket/tls-trust.ts";
import { readConfig } from "../../platform/config.ts";
import { Failure } from "../../platform/failure.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { groupOf, person } from "../../testing/person.ts";
import { serverUrl } from "../../testing/server-url.ts";
import { shownCertificate } from "../../testing/shown-certificate.ts";
import { transportsHere, withoutUws } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";
import { type ServeConfig, serveSettings } from "../serve-settings.ts";
import { devCertificate } from "./dev-certificates.ts";
import { prepareTls } from "./tls.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "tls-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
/** Whether an error is a failure with this code, whose message and advice have these texts. */
const failsWith =
  (code: string, ...texts: readonly string[]) =>
  (cause: unknown) =>
    cause instanceof Failure &&
    cause.code === code &&
    texts.every((text) => `${cause.message}\n${cause.advice}`.includes(text));
const now = new Date("2026-05-01T00:00:00Z");
const later = (days: number) => new Date(now.getTime() + days * 24 * 3600 * 1000);

async function trusting(deployment: TestDeployment): Promise<{ target: string; tls: TlsTrust }> {
  const target = `https://${deployment.target}`;
  return { target, tls: await trustDeployment(target, deployment.authorityFingerprint) };
}

for (const transport of transportsHere) {
  suite(`TLS by ${transport}`, () => {
    test("carries chat and HTTP, and nothing in clear", async () => {
      const deployment = await deploy({ tls: "dev", transport, servers: 2 });
      const { target, tls } = await trusting(deployment);
      const [alice, bob] = await Promise.all(["alice", "bob"].map((name) => person(target, name, { tls })));
      assert.ok(alice && bob);
      const group = await groupOf(alice, bob);
      assert.ok((await alice.say(group, "under TLS")).ok);
      await until(() => bob.texts(group).length === 1, "the message is there");
      for (const route of ["/healthz", "/servers", "/about"]) {
        assert.equal((await httpAsk(new URL(route, target), 1e6, { tls })).status, 200, route);
      }
      await assert.rejects(httpAsk(new URL(`http://${deployment.target}/healthz`), 1e6));
    });

    test("shows another certificate once the files are read again, and breaks no connection for it", async () => {
      const first = devCertificate(path.join(scratch, `${transport}-first`), "127.0.0.1", new Date());
      const second = devCertificate(path.join(scratch, `${transport}-second`), "127.0.0.1", new Date());
      const files = { tlsCert: path.join(scratch, `${transport}.pem`), tlsKey: path.join(scratch, `${transport}.key`) };
      const install = ({ certFile, keyFile }: { certFile: string; keyFile: string }) => {
        copyFileSync(certFile, files.tlsCert);
        copyFileSync(keyFile, files.tlsKey);
      };
      install(first);
      const deployment = await deploy({ ...files, transport, servers: 2 });
      const target = `https://${deployment.target}`;
      const states: string[] = [];
      const trustInFirst = await trustDeployment(target, first.authorityFingerprint);
      const alice = await person(target, "alice", {
        tls: trustInFirst,
        events: { connection: (state) => states.push(state) },
      });
      const group = await groupOf(alice);
      const before = await shownCertificate(deployment.target);
      writeFileSync(files.tlsCert, "no certificate");
      deployment.reloadCertificates?.();
      assert.equal(await shownCertificate(deployment.target), before, "what is no certificate changes nothing");
      install(second);
      deployment.reloadCertificates?.();
      await until(
        async () => (await shownCertificate(deployment.target)) !== before,
        "new connections see the new one",
      );
      assert.ok((await alice.say(group, "still here")).ok);
      assert.equal(states.filter((state) => state === "online").length, 1);
      const trustInSecond = await trustDeployment(target, second.authorityFingerprint);
      const bob = await person(target, "bob", { tls: trustInSecond });
      await groupOf(bob, alice);
      // A client that pinned the first authority does not connect to servers of the second.
      const dialled = await dialAssigned(target, trustInFirst)();
      assert.equal(!dialled.ok && dialled.reason.code, "certificate_refused");
      // Nor does its socket, if somebody tells it where to connect.
      const url = serverUrl(deployment, 0).replace("ws:", "wss:");
      assert.match(await openedWith(url, trustInFirst), /^closed 1006: .*certificate/);
      assert.match(await openedWith(url, {}), /^closed 1006: .*certificate/, "nor does the system vouch for it");
      assert.equal(await openedWith(url, trustInSecond), "opened");
    });
  });
}

/** What comes of a socket to this address. */
async function openedWith(url: string, tls: TlsTrust): Promise<string> {
  let socket: ClientSocket | undefined;
  const outcome = await new Promise<string>((resolve) => {
    const events = {
      opened: () => resolve("opened"),
      received: () => {},
      closed: (code: number, reason: string) => resolve(`closed ${code}: ${reason}`),
    };
    socket = openLeanSocket(url, events, { tls });
  });
  socket?.close();
  return outcome;
}

test("sockets under TLS are handed to the servers in turn", { skip: withoutUws }, async () => {
  const deployment = await deploy({ tls: "dev", transport: "uws", servers: 3, strategy: "round-robin" });
  const { target, tls } = await trusting(deployment);
  const servers: string[] = [];
  const dial = dialDirectly(deployment.cluster.url);
  for (let i = 0; i < 9; i++) {
    await person(target, `turn${i}`, { tls, dial, events: { welcomed: ({ server }) => servers.push(server) } });
  }
  await until(() => servers.length === 9, "all are in");
  const counts = new Map<string, number>();
  for (const server of servers) counts.set(server, (counts.get(server) ?? 0) + 1);
  assert.deepEqual([...counts.values()], [3, 3, 3]);
});

test("a certificate that is not the pinned authority's is refused, with what was shown", async () => {
  const deployment = await deploy({ tls: "dev" });
  const target = `https://${deployment.target}`;
  await assert.rejects(trustDeployment(target, "00".repeat(32)), failsWith("certificate_changed"));
  const pin = plainFingerprint(deployment.authorityFingerprint ?? "");
  await assert.rejects(trustDeployment(target, undefined), failsWith("certificate_unknown", pin));
  await assert.rejects(trustDeployment(deployment.target, "00".repeat(32)), failsWith("pin_without_tls"));
  await assert.rejects(trustDeployment("https://127.0.0.1:1", undefined), failsWith("server_unreachable"));
  const dialled = await dialAssigned(target)();
  assert.equal(!dialled.ok && dialled.reason.code, "certificate_refused");
});

test("the development authority stays; its certificate is made again when it runs out or the names change", () => {
  const directory = path.join(scratch, "kept");
  const first = devCertificate(directory, "chat.example", now);
  const certificate = () => new X509Certificate(readFileSync(first.certFile));
  const serial = certificate().serialNumber;
  assert.ok(
    certificate().checkHost("chat.example") &&
      certificate().checkHost("localhost") &&
      certificate().checkIP("127.0.0.1"),
  );
  assert.equal(devCertificate(directory, "chat.example", later(300)).authorityFingerprint, first.authorityFingerprint);
  assert.equal(certificate().serialNumber, serial);
  devCertificate(directory, "other.example", later(300));
  const renamed = certificate().serialNumber;
  assert.notEqual(renamed, serial);
  assert.equal(certificate().checkHost("chat.example"), undefined);
  assert.equal(devCertificate(directory, "other.example", later(680)).authorityFingerprint, first.authorityFingerprint);
  assert.notEqual(certificate().serialNumber, renamed);
  assert.ok(new Date(certificate().validTo) > later(1000));
});

test("a directory that cannot hold the development certificate is a failure that says what to do", () => {
  const file = path.join(scratch, "a-file");
  mkdirSync(file);
  writeFileSync(path.join(file, "tls"), "no directory");
  const directory = path.join(scratch, "a-directory");
  mkdirSync(path.join(directory, "tls", "authority.pem"), { recursive: true });
  writeFileSync(path.join(directory, "tls", "authority-key.pem"), "no key");
  for (const dataDir of [file, directory]) {
    const config = readConfig(serveSettings, { flags: { tls: "dev", dataDir }, environment: {} });
    assert.ok(config.ok);
    assert.throws(
      () => prepareTls(config.value, new Date()),
      failsWith("dev_certificate_unusable", path.join(dataDir, "tls"), "--data-dir"),
    );
  }
});

test("settings that would let others read along are refused, and say what to write", () => {
  const prepare = (of: Partial<ServeConfig>) => {
    const config = readConfig(serveSettings, {
      flags: { dataDir: path.join(scratch, "settings"), ...of },
      environment: {},
    });
    assert.ok(config.ok);
    return () => prepareTls(config.value, new Date());
  };
  for (const host of ["0.0.0.0", "::", "192.0.2.1", "chat.example", "127.0.0.1.example"]) {
    assert.throws(prepare({ host }), failsWith("clear_text_refused"), host);
    assert.equal(prepare({ host, insecure: true })().files, undefined);
  }
  for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost"]) assert.equal(prepare({ host })().files, undefined);
  const made = devCertificate(path.join(scratch, "made"), "127.0.0.1", now);
  const other = devCertificate(path.join(scratch, "other"), "127.0.0.1", now);
  assert.throws(prepare({ tlsCert: made.certFile }), failsWith("tls_incomplete"));
  assert.throws(prepare({ tlsCert: made.certFile, tlsKey: other.keyFile }), failsWith("tls_files_unusable"));
  assert.throws(prepare({ tlsCert: "missing.pem", tlsKey: "missing.key" }), failsWith("tls_files_unusable"));
  assert.throws(prepare({ tls: "dev", tlsCert: made.certFile, tlsKey: made.keyFile }), failsWith("tls_ambiguous"));
});
