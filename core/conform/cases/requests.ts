import { encodeRequest } from "../../wire/client-frame.ts";
import { limits } from "../../wire/limits.ts";
import { coldServerFrames } from "../../wire/server-frame.ts";
import * as cbor from "../cbor-bytes.ts";
import { casesOf } from "../conform-case.ts";
import { refusedWith } from "../conform-socket.ts";
import { expectThat } from "../expectation.ts";
import { sendFrame } from "../messages.ts";

const unknownKind = 0x7e;
const request = 500;

export const requestCases = casesOf("Requests, errors and the end of a connection", {
  "a ping is answered before the login and after it": async (context) => {
    await (await context.open()).staysOpen();
    const { socket } = await context.signUp();
    await socket.staysOpen();
  },
  "a request that needs a login ends a connection without one": async (context) => {
    for (const kind of ["groups", "logOut", "fetchBackup"] as const) {
      const socket = await context.open();
      socket.sendBytes(encodeRequest({ kind }, request));
      await socket.endsWith("not_authenticated");
    }
  },
  "a SEND before the login ends the connection": async (context) => {
    const user = await context.signUp();
    const group = await context.found(user);
    const socket = await context.open();
    socket.sendBytes(sendFrame(group));
    await socket.endsWith("not_authenticated");
  },
  "a login after the login is refused, and the connection goes on": async (context) => {
    const { socket, welcome } = await context.signUp();
    await socket.refused({ kind: "resume", token: welcome.token }, "already_authenticated");
    await socket.refused({ kind: "logInStart", name: "x", message: Buffer.alloc(96) }, "already_authenticated");
    await socket.refused({ kind: "logInFinish", message: Buffer.alloc(64) }, "already_authenticated");
    await socket.staysOpen();
  },
  "an unknown frame with the number of a request is refused, and the connection goes on": async (context) => {
    const { socket } = await context.signUp();
    socket.sendBytes(cbor.frameOf(unknownKind, cbor.mapItem([["request", cbor.uint(request)]])));
    refusedWith("unknown_frame", "a frame of the kind 0x7e", await socket.answerTo(request, "an error"));
    await socket.staysOpen();
  },
  "an unknown frame without a number ends the connection": async (context) => {
    for (const body of [cbor.mapItem([["group", cbor.uint(1)]]), Buffer.from("no CBOR")]) {
      const { socket } = await context.signUp();
      socket.sendBytes(cbor.frameOf(unknownKind, body));
      await socket.endsWith("unknown_frame");
    }
  },
  "a frame of servers is unknown to a server": async (context) => {
    const { socket } = await context.signUp();
    socket.sendBytes(cbor.frameOf(coldServerFrames.pong.code, cbor.mapItem([["request", cbor.uint(request)]])));
    refusedWith("unknown_frame", "a pong", await socket.answerTo(request, "an error"));
  },
  "a malformed request after the login is refused by its number": async (context) => {
    const { socket } = await context.signUp();
    await socket.refused({ kind: "log", group: 1 }, "malformed_frame");
    await socket.refused({ kind: "sync", group: 1, after: -1, through: 1 }, "malformed_frame");
    await socket.staysOpen();
  },
  "requests that are sent at once are all answered, each by its reply or by busy": async (context) => {
    const { socket } = await context.signUp();
    const numbers = Array.from({ length: limits.requestsInFlightMax + 16 }, (_, i) => 1000 + i);
    for (const number of numbers) socket.sendBytes(encodeRequest({ kind: "groups" }, number));
    for (const number of numbers) {
      const answer = await socket.answerTo(number, "an answer to groups");
      const isBusy = answer.kind === "error" && answer.code === "busy";
      expectThat(answer.kind === "groups" || isBusy, "groups or busy", answer);
    }
  },
  "a request number may be used again": async (context) => {
    const socket = await context.open();
    for (let i = 1; i <= 3; i++) {
      socket.sendBytes(encodeRequest({ kind: "ping" }, request));
      await socket.untilReceived(
        `${i} pongs`,
        (frames) => frames.filter((frame) => frame.kind === "pong" && frame.request === request).length === i,
      );
    }
  },
});
