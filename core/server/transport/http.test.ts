import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { type BareTransport, bareTransport } from "../../testing/bare-transport.ts";
import { RawConnection } from "../../testing/raw-connection.ts";
import { transportsHere, withoutUws } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";
import type { HttpRequest } from "./transport.ts";

/** The routes of the server of these tests. */
function answer(request: HttpRequest): void {
  const type = { "content-type": "text/plain" };
  switch (request.path) {
    case "/body":
      return void request.body(100).then((body) => request.respond(200, type, Buffer.from(body ?? "none")));
    case "/stream":
      return void request.stream(200, type, 10, async () => Buffer.from("01234"));
    case "/nothing":
      return request.respond(204, {}, "");
    default:
      request.respond(200, type, `${request.method} ${request.header("host") ?? "no host"}\n`);
  }
}

const heads = (...lines: readonly string[]) => `${lines.join("\r\n")}\r\n\r\n`;

// Both transports are tested at the same time, since each waits for seconds until a slow client is cut off.
suite("HTTP", { concurrency: true }, () => {
  for (const name of transportsHere) {
    suite(`over ${name}`, { concurrency: false }, () => {
      let server: BareTransport;
      before(async () => {
        server = await bareTransport(name, { requested: answer });
      });

      /** Opens a connection, and sends this over it. */
      const say = (bytes: string) => {
        const connection = new RawConnection(server.port);
        connection.send(bytes);
        return connection;
      };

      test("a connection carries one request after the other", async () => {
        const connection = say(heads("GET /a?x=1 HTTP/1.1", "Host: chat.example"));
        const { status, reason, headers, body } = await connection.answer();
        assert.deepEqual([status, reason, body], [200, "OK", "GET chat.example\n"]);
        assert.equal(headers["content-length"], String(body.length));
        assert.equal(server.requests.at(-1), "GET /a?x=1");
        connection.send(`${heads("PUT /body HTTP/1.1", "Host: x", "Content-Length: 5")}hello`);
        assert.equal((await connection.answer()).body, "hello");
        connection.send(
          `${heads("PUT /body HTTP/1.1", "Host: x", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`,
        );
        assert.equal((await connection.answer()).body, "hello");
        connection.send(heads("GET /nothing HTTP/1.1", "Host: x"));
        const nothing = await connection.answer();
        assert.deepEqual([nothing.status, nothing.headers["content-length"]], [204, undefined]);
        connection.send(heads("GET /last HTTP/1.1", "Host: x", "Connection: close"));
        assert.equal((await connection.answer()).status, 200);
        assert.equal((await connection.end()).length, 0);
      });

      test("the query is everything after the first question mark", async () => {
        await say(heads("GET /a?x=1?y=2&z=a?b HTTP/1.1", "Host: x")).answer();
        assert.equal(server.requests.at(-1), "GET /a?x=1%3Fy%3D2&z=a%3Fb");
        await say(heads("GET /a? HTTP/1.1", "Host: x")).answer();
        assert.equal(server.requests.at(-1), "GET /a");
      });

      test("HEAD is answered like GET, without the body, and the next request gets its own answer", async () => {
        for (const path of ["/a", "/stream"]) {
          const connection = say(heads(`GET ${path} HTTP/1.1`, "Host: x"));
          const { body } = await connection.answer();
          connection.send(heads(`HEAD ${path} HTTP/1.1`, "Host: x"));
          const head = await connection.answer({ toHead: true });
          const length = path === "/a" ? body.replace("GET", "HEAD").length : body.length;
          assert.deepEqual([head.status, head.headers["content-length"]], [200, String(length)], path);
          connection.send(heads("GET /after HTTP/1.1", "Host: x"));
          assert.equal((await connection.answer()).body, "GET x\n");
        }
      });

      for (const [what, ...lines] of [
        ["lengths that differ", "Content-Length: 3", "Content-Length: 4"],
        ["lengths that differ in their case too", "content-length: 4", "CONTENT-LENGTH: 3"],
        ["a list of lengths", "Content-Length: 3, 4"],
        ["a length and chunks", "Content-Length: 3", "Transfer-Encoding: chunked"],
        ["chunks and a length", "Transfer-Encoding: chunked", "Content-Length: 3"],
        ["a length with a sign", "Content-Length: +3"],
        ["a negative length", "Content-Length: -3"],
        ["a hexadecimal length", "Content-Length: 0x3"],
        ["a length with an exponent", "Content-Length: 1e1"],
        ["no length in its header", "Content-Length: "],
        ["a length beyond all bounds", `Content-Length: ${"9".repeat(30)}`],
        ["another coding", "Transfer-Encoding: gzip"],
        ["another coding besides", "Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ["a second host", "Host: other.example"],
      ] as const) {
        test(`a request with ${what} is refused, and nothing after it is read`, async () => {
          const before = server.requests.length;
          const body = lines.some((line) => line.includes("chunked")) ? "3\r\nabc\r\n0\r\n\r\n" : "abc";
          const refused = heads("PUT /body HTTP/1.1", "Host: x", ...lines);
          const alone = say(refused);
          assert.equal((await alone.answer()).status, 400);
          await alone.end();
          const smuggling = say(`${refused}${body}${heads("GET /smuggled HTTP/1.1", "Host: x")}`);
          assert.doesNotMatch((await smuggling.end()).toString(), /HTTP\/1.1 2/);
          assert.equal(server.requests.length, before, "no request has reached the server");
        });
      }

      test("HEAD of the socket's path is answered 426, like GET, and the connection ends", async () => {
        const got = await say(heads("GET /v1 HTTP/1.1", "Host: x")).answer();
        const connection = say(heads("HEAD /v1 HTTP/1.1", "Host: x"));
        const head = await connection.answer({ toHead: true });
        assert.deepEqual([got.status, head.status], [426, 426]);
        // The native library ends a connection only after a body, and then writes a header of its own (PROTOCOL.md).
        const [length, options] =
          name === "uws" ? ["0", "upgrade, close, close"] : [String(got.body.length), "upgrade, close"];
        assert.equal(head.headers["content-length"], length);
        assert.deepEqual([got.headers["connection"], head.headers["connection"]], [options, options]);
        assert.equal((await connection.end()).length, 0);
      });

      for (const host of ["a b", "a/b", "a?b", "user@a", "a:b", "a:1:2", "[::1", "[::1]x", "<a>", "a\\b", "a\xe4b"]) {
        test(`the host ${host} is refused`, async () => {
          const before = server.requests.length;
          const connection = say(heads("GET /a HTTP/1.1", `Host: ${host}`));
          assert.equal((await connection.answer()).status, 400);
          await connection.end();
          assert.equal(server.requests.length, before);
        });
      }

      test("a host is a name or an address, with or without a port", async () => {
        for (const host of ["chat.example", "chat.example:7400", "127.0.0.1:", "[::1]:7400", "a_b", "%C3%A4", ""]) {
          assert.equal((await say(heads("GET /a HTTP/1.1", `Host: ${host}`)).answer()).status, 200, host);
        }
      });

      test("a refused HEAD ends the connection, too", async () => {
        const connection = say(`${heads("HEAD /a HTTP/1.1", "Host: x", "Content-Length: 3", "Content-Length: 4")}abcd`);
        assert.equal((await connection.answer({ toHead: true })).status, 400);
        await connection.end();
      });

      test("methods are case-sensitive", async () => {
        const before = server.requests.length;
        const connection = say(heads("get /a HTTP/1.1", "Host: x"));
        const { status } = await connection.answer();
        // Node's server knows all methods, and refuses an unknown one by itself.
        if (status === 400) assert.equal(server.requests.length, before);
        else assert.equal(server.requests.at(-1), "get /a");
      });

      test("a client that sends a part of a head and no more is cut off", async () => {
        const connection = say("GET /a HTTP/1.1\r\nHost: x\r\n");
        await connection.end();
      });
    });
  }
});

suite("HTTP over ws", () => {
  let server: BareTransport;
  before(async () => {
    server = await bareTransport("ws", { requested: answer });
  });

  const say = (bytes: string) => {
    const connection = new RawConnection(server.port);
    connection.send(bytes);
    return connection;
  };

  test("HTTP/1.0 is answered, with or without a host, and the connection ends", async () => {
    for (const [lines, host] of [
      [["GET /a HTTP/1.0"], "no host"],
      [["GET /a HTTP/1.0", "Host: x"], "x"],
    ] as const) {
      const connection = say(heads(...lines));
      const { status, body } = await connection.answer();
      assert.deepEqual([status, body], [200, `GET ${host}\n`]);
      await connection.end();
    }
    const asterisk = say(heads("OPTIONS * HTTP/1.0"));
    assert.equal((await asterisk.answer()).status, 200);
    assert.equal(server.requests.at(-1), "OPTIONS *");
    await asterisk.end();
  });

  test("chunks over HTTP/1.0 are refused, and so are other versions", async () => {
    const chunks = say(`${heads("PUT /body HTTP/1.0", "Transfer-Encoding: chunked")}3\r\nabc\r\n0\r\n\r\n`);
    assert.equal((await chunks.answer()).status, 400);
    await chunks.end();
    for (const version of ["2.0", "0.9"]) {
      const connection = say(heads(`GET /a HTTP/${version}`, "Host: x"));
      assert.ok([400, 505].includes((await connection.answer()).status), version);
      await connection.end();
    }
  });

  test("a target may be a whole URL, whose host replaces the header's", async () => {
    const connection = say(heads("GET http://real.example/a?x=1 HTTP/1.1", "Host: other.example"));
    assert.equal((await connection.answer()).body, "GET real.example\n");
    assert.equal(server.requests.at(-1), "GET /a?x=1");
    connection.send(heads("GET http://real.example HTTP/1.1", "Host: real.example"));
    await connection.answer();
    assert.equal(server.requests.at(-1), "GET /");
  });

  test("a request that offers another protocol is answered over HTTP/1.1, and then the connection ends", async () => {
    const upgrade = ["Host: x", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"];
    const connection = say(heads("GET /a HTTP/1.1", ...upgrade));
    assert.equal((await connection.answer()).body, "GET x\n");
    await connection.end();
    const before = server.requests.length;
    const withBody = say(`${heads("PUT /body HTTP/1.1", ...upgrade, "Content-Length: 3")}abc`);
    assert.equal((await withBody.answer()).status, 400);
    await withBody.end();
    assert.equal(server.requests.length, before);
  });

  test("CONNECT is handed to the routes like any other request", async () => {
    const connection = say(heads("CONNECT x:80 HTTP/1.1", "Host: x:80"));
    await connection.answer();
    assert.equal(server.requests.at(-1), "CONNECT x:80");
    await connection.end();
  });
});

test("uWebSockets.js accepts HTTP/1.1 alone, as PROTOCOL.md says", { skip: withoutUws }, async () => {
  const server = await bareTransport("uws");
  for (const line of ["GET /a HTTP/1.0", "OPTIONS / HTTP/1.0", "OPTIONS * HTTP/1.1", "GET http://x/a HTTP/1.1"]) {
    const connection = new RawConnection(server.port);
    connection.send(heads(line, "Host: x"));
    assert.equal((await connection.answer()).status, 505, line);
    await connection.end();
  }
  await until(() => server.requests.length === 0, "no request has reached the server");
});
