import { z } from "zod";
import { encodeRequest } from "../../wire/client-frame.ts";
import { limits } from "../../wire/limits.ts";
import type { CaseContext } from "../case-context.ts";
import { casesOf } from "../conform-case.ts";
import { expectEqual, expectThat, skip } from "../expectation.ts";
import { freshName, freshPassword, signUpRecord } from "../people.ts";

const assignment = z.looseObject({ url: z.string(), strategy: z.string(), relative: z.string().optional() });

async function assigned(context: CaseContext, path = "assign") {
  const { status, body } = await context.http(path);
  expectEqual(`status of /${path}`, status, 200);
  const parsed = assignment.safeParse(jsonOf(body));
  expectThat(parsed.success, `/${path} answers {"url", "strategy"}`, body.toString());
  return parsed.data;
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

const upgrade = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};

async function handshake(context: CaseContext, headers: Readonly<Record<string, string>>) {
  return context.http("v1", { headers: { ...upgrade, ...headers } }, await context.serverBase());
}

export const connectingCases = casesOf("Finding a server and connecting", {
  "/assign names the URL of a WebSocket and the strategy": async (context) => {
    const { url } = await assigned(context);
    expectThat(/^wss?:\/\/[^/]+.*\/v1$/.test(url), "url is ws://… or wss://… and ends with /v1", url);
    if (context.target.base.protocol === "https:") {
      expectThat(url.startsWith("wss:"), "a url of wss: in an answer under TLS", url);
    }
  },
  "/assign?visit=true names a server that can be connected to": async (context) => {
    const { url, relative = url } = await assigned(context, "assign?visit=true");
    const whole = new URL(relative, context.target.base.href.replace(/^http/, "ws"));
    await (await context.open(whole.href)).staysOpen();
  },
  "where /assign has relative, it leads to a server": async (context) => {
    const { relative } = await assigned(context);
    if (relative === undefined) skip("the answer of /assign has no relative");
    const url = new URL(relative, context.target.base.href.replace(/^http/, "ws"));
    await (await context.open(url.href)).staysOpen();
  },
  "extensions and subprotocols that are offered are ignored": async (context) => {
    const { status, headers } = await handshake(context, {
      "sec-websocket-protocol": "chat, superchat",
      "sec-websocket-extensions": "permessage-deflate; client_max_window_bits",
    });
    expectEqual("status of the handshake", status, 101);
    expectEqual("sec-websocket-protocol", headers["sec-websocket-protocol"], undefined);
    expectEqual("sec-websocket-extensions", headers["sec-websocket-extensions"], undefined);
  },
  "a request at /v1 that asks for no WebSocket is answered 426": async (context) => {
    const { status } = await context.http("v1", {}, await context.serverBase());
    expectEqual("status", status, 426);
  },
  "a handshake with another version than 13 is answered 426": async (context) => {
    for (const version of ["8", "14"]) {
      const { status } = await handshake(context, { "sec-websocket-version": version });
      expectEqual(`status for version ${version}`, status, 426);
    }
  },
  "a handshake with a wrong key is answered 400": async (context) => {
    for (const key of ["short", "", "dGhlIHNhbXBsZSBub25jZQ=!"]) {
      const { status } = await handshake(context, { "sec-websocket-key": key });
      expectEqual(`status for the key "${key}"`, status, 400);
    }
  },
  "a handshake with a wrong host is answered 400": async (context) => {
    const { status } = await handshake(context, { host: "no host" });
    expectEqual("status", status, 400);
  },
  "a text message is a malformed frame": async (context) => {
    const socket = await context.open();
    socket.sendText("hello");
    await socket.endsWith("malformed_frame");
  },
  "a message in fragments is one frame": async (context) => {
    const socket = await context.open();
    const ping = encodeRequest({ kind: "ping" }, 77);
    socket.sendPieces([ping.subarray(0, 1), ping.subarray(1, 5), ping.subarray(5)]);
    expectEqual("the answer", await socket.answerTo(77, "an answer to a ping in fragments"), {
      kind: "pong",
      request: 77,
    });
  },
  "a ping of WebSocket is answered": async (context) => {
    await (await context.open()).answersPing();
  },
  "a close frame is answered": async (context) => {
    const code = await (await context.open()).close();
    expectEqual("code of the close frame", code, 1000);
  },
  "a connection that has not logged in within 10 s ends, also one that has begun to": {
    msMax: limits.authenticationMsMax + 8000,
    async run(context) {
      const started = context.clock.monotonic();
      const [silent, begun] = [await context.open(), await context.open()];
      await signUpRecord(begun, freshName(), freshPassword());
      for (const socket of [silent, begun]) {
        await socket.endsWith("authentication_timeout", undefined, limits.authenticationMsMax + 5000);
      }
      const seconds = (context.clock.monotonic() - started) / 1000;
      expectThat(seconds > 8, "not before 10 s", `after ${seconds.toFixed(1)} s`);
    },
  },
  "a user may have several connections": async (context) => {
    const user = await context.signUp();
    const others = [await context.resume(user), await context.resume(user)];
    for (const socket of [user.socket, ...others]) await socket.staysOpen();
  },
});
