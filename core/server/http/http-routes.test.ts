import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { RawConnection, upgradeRequest } from "../../testing/raw-connection.ts";
import { transportsHere } from "../../testing/transports-here.ts";

const routes = ["/healthz", "/readyz", "/metrics", "/assign", "/servers", "/about"];

for (const transport of transportsHere) {
  suite(`HTTP routes over ${transport}`, () => {
    let deployment: TestDeployment;
    /** A server's own port, and the port that everybody knows. */
    let ports: readonly [own: number, known: number];
    before(async () => {
      deployment = await deploy({ transport, servers: 2 });
      ports = [deployment.cluster.serverPorts[0] ?? 0, deployment.cluster.port];
    });

    const ask = async (port: number, method: string, path: string, version = "1.1") => {
      const connection = new RawConnection(port);
      connection.send(`${method} ${path} HTTP/${version}\r\n${version === "1.1" ? "Host: chat.example\r\n" : ""}\r\n`);
      return connection.answer({ toHead: method === "HEAD" });
    };
    /** Whether the port has a route: with `ws`, the port that everybody knows lacks routes of single servers. */
    const hasRoute = (port: number, path: string) =>
      port === ports[0] || transport === "uws" || !["/readyz", "/metrics"].includes(path);

    test("HEAD is answered wherever GET is, with the same headers and no body", async () => {
      for (const port of ports) {
        for (const path of routes.filter((one) => hasRoute(port, one))) {
          const head = await ask(port, "HEAD", path);
          const got = await ask(port, "GET", path);
          assert.deepEqual([head.status, head.body], [200, ""], path);
          assert.equal(head.headers["content-type"], got.headers["content-type"], path);
          // Loads and metrics change from one moment to the next.
          if (path !== "/metrics" && path !== "/servers" && path !== "/assign")
            assert.equal(head.headers["content-length"], String(got.body.length), path);
          else assert.ok(Number(head.headers["content-length"]) > 0, path);
        }
      }
    });

    test("OPTIONS and wrong methods are answered with the methods of the route", async () => {
      for (const port of ports) {
        for (const path of [...routes, "/v1"].filter((one) => hasRoute(port, one))) {
          if (path === "/v1" && transport === "ws" && port === ports[1]) continue;
          for (const method of ["POST", "PUT", "DELETE", "PATCH", "TRACE"]) {
            const refused = await ask(port, method, path);
            assert.deepEqual(
              [refused.status, refused.headers["allow"]],
              [405, "GET, HEAD, OPTIONS"],
              `${method} ${path}`,
            );
            assert.match(refused.body, /^method_not_allowed: /);
          }
          const options = await ask(port, "OPTIONS", path);
          assert.deepEqual([options.status, options.headers["allow"]], [204, "GET, HEAD, OPTIONS"], path);
        }
      }
    });

    test("an unknown path is answered 404 for any method", async () => {
      for (const port of ports) {
        for (const method of ["GET", "HEAD", "POST", "OPTIONS"]) {
          for (const path of ["/nothing", "/healthz/", "//", "/constructor", "/v1/attachments/none"])
            assert.equal((await ask(port, method, path)).status, 404, `${method} ${path}`);
        }
      }
    });

    test("the handshake of a WebSocket at any other path is answered 404", async () => {
      for (const path of ["/v2", "/v1/", "/v1/attachments/x", "/"]) {
        const connection = new RawConnection(ports[0]);
        connection.send(upgradeRequest({ path }));
        const { status, body } = await connection.answer();
        assert.equal(status, 404, path);
        assert.match(body, /^not_found: /);
      }
    });

    test("OPTIONS about the whole server is answered", async () => {
      for (const port of ports) assert.equal((await ask(port, "OPTIONS", "/")).status, 204);
    });

    test("HAProxy's health checks over HTTP/1.0 are answered", {
      skip: transport === "uws" && "by ws alone: see PROTOCOL.md",
    }, async () => {
      for (const port of ports) {
        assert.equal((await ask(port, "OPTIONS", "/", "1.0")).status, 204);
        assert.equal((await ask(port, "OPTIONS", "*", "1.0")).status, 204);
        assert.equal((await ask(port, "GET", "/healthz", "1.0")).status, 200);
      }
      assert.equal((await ask(ports[0], "GET", "/readyz", "1.0")).status, 200);
    });
  });
}
