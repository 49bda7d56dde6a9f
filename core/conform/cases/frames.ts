import { keysOf } from "../../platform/keys-of.ts";
import { coldClientFrames, encodeClientFrame, type RequestKind } from "../../wire/client-frame.ts";
import { limits } from "../../wire/limits.ts";
import type { CaseContext } from "../case-context.ts";
import * as cbor from "../cbor-bytes.ts";
import { casesOf } from "../conform-case.ts";
import { refusedWith } from "../conform-socket.ts";
import { expectEqual, expectThat } from "../expectation.ts";

const { code: ping } = coldClientFrames.ping;
const request = 9;
const pingBody = [["request", cbor.uint(request)]] as const;

/** The bytes end the connection, since no number of a request can be read in them. */
function endsAsMalformed(...body: readonly Uint8Array[]) {
  return async (context: CaseContext) => {
    const socket = await context.open();
    socket.sendBytes(cbor.frameOf(ping, ...body));
    await socket.endsWith("malformed_frame");
  };
}

/** The bytes are refused by the number of the request that is in them, and the connection goes on. */
async function refusedByNumber(context: CaseContext, kind: number, body: Uint8Array): Promise<void> {
  const socket = await context.open();
  socket.sendBytes(cbor.frameOf(kind, body));
  refusedWith(
    "malformed_frame",
    "the frame",
    await socket.answerTo(request, "an error with the number of the request"),
  );
  await socket.staysOpen();
}

const refuses = (kind: number, body: Uint8Array) => (context: CaseContext) => refusedByNumber(context, kind, body);

export const frameCases = casesOf("Frames", {
  "a frame of another version ends the connection": async (context) => {
    const socket = await context.open();
    const bytes = encodeClientFrame({ kind: "ping", request });
    bytes[0] = 2;
    socket.sendBytes(bytes);
    await socket.endsWith("unsupported_version");
  },
  "a frame of less than two bytes is malformed": async (context) => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([1])]) {
      const socket = await context.open();
      socket.sendBytes(bytes);
      await socket.endsWith("malformed_frame");
    }
  },
  "a frame of 131,072 bytes is read": async (context) => {
    const padding = Buffer.alloc(
      limits.frameBytesMax -
        2 -
        cbor.mapItem([...pingBody, ["pad", cbor.bytesItem(Buffer.alloc(70_000))]]).length +
        70_000,
    );
    const body = cbor.mapItem([...pingBody, ["pad", cbor.bytesItem(padding)]]);
    expectEqual("bytes of the frame", body.length + 2, limits.frameBytesMax);
    await refusedByNumber(context, ping, body);
  },
  "a frame of one byte more is too large": async (context) => {
    const socket = await context.open();
    socket.sendBytes(Buffer.alloc(limits.frameBytesMax + 1, 1));
    await socket.endsWith("frame_too_large");
  },
  "a frame of more than 262,144 bytes ends the connection": async (context) => {
    const socket = await context.open();
    socket.sendBytes(Buffer.alloc(262_145, 1));
    await socket.ends();
  },
  "keys may be in any order": async (context) => {
    const { socket } = await context.signUp();
    const body = cbor.mapItem([
      ["names", cbor.arrayItem()],
      ["ids", cbor.arrayItem()],
      ["request", cbor.uint(70_000)],
    ]);
    socket.sendBytes(cbor.frameOf(coldClientFrames.findUsers.code, body));
    expectEqual("the answer", await socket.answerTo(70_000, "users"), { kind: "users", request: 70_000, users: [] });
  },
  "a request number of 2^32 - 1 is repeated": async (context) => {
    const socket = await context.open();
    const largest = 2 ** 32 - 1;
    socket.sendBytes(encodeClientFrame({ kind: "ping", request: largest }));
    expectEqual("the answer", await socket.answerTo(largest, "pong"), { kind: "pong", request: largest });
  },
  "a request number of 2^32 is malformed": endsAsMalformed(cbor.mapItem([["request", cbor.uint(2 ** 32)]])),
  "an integer that is not within 2^53 is malformed": async (context) => {
    await endsAsMalformed(cbor.mapItem([...pingBody, ["x", cbor.uint(2 ** 53)]]))(context);
    await refusedByNumber(context, ping, cbor.mapItem([...pingBody, ["x", cbor.uint(2 ** 53 - 1)]]));
  },
  "NaN and infinity are malformed": async (context) => {
    await endsAsMalformed(cbor.mapItem([...pingBody, ["x", cbor.float(Number.NaN)]]))(context);
    await endsAsMalformed(cbor.mapItem([...pingBody, ["x", cbor.float(Number.POSITIVE_INFINITY)]]))(context);
  },
  "a key that is there twice is malformed": endsAsMalformed(cbor.mapItem([...pingBody, ...pingBody])),
  "a map of indefinite length is malformed": endsAsMalformed(cbor.indefiniteMap(pingBody)),
  "a text of indefinite length is malformed": endsAsMalformed(
    cbor.mapItem([...pingBody, ["note", cbor.indefiniteText("a", "b")]]),
  ),
  "a key of indefinite length is malformed": endsAsMalformed(
    cbor.mapItem([[cbor.indefiniteText("req", "uest"), cbor.uint(request)]]),
  ),
  "an integer that is not in its shortest form is malformed": async (context) => {
    for (const width of [1, 2, 4, 8] as const) {
      await endsAsMalformed(cbor.mapItem([["request", cbor.uint(request, width)]]))(context);
    }
  },
  "a length that is not in its shortest form is malformed": async (context) => {
    await endsAsMalformed(cbor.mapItem(pingBody, 1))(context);
    await endsAsMalformed(cbor.mapItem([[cbor.textItem("request", 2), cbor.uint(request)]]))(context);
  },
  "a whole number as a float is malformed": endsAsMalformed(cbor.mapItem([["request", cbor.float(request)]])),
  "a tag is malformed": endsAsMalformed(cbor.mapItem([["request", cbor.tagged(1, cbor.uint(request))]])),
  "undefined and other simple values are malformed": async (context) => {
    for (const value of [23, 16, 19]) {
      await endsAsMalformed(cbor.mapItem([...pingBody, ["x", cbor.simple(value)]]))(context);
    }
  },
  "a key that is no text is malformed": endsAsMalformed(cbor.mapItem([...pingBody, [cbor.uint(1), cbor.uint(1)]])),
  "a text that is no UTF-8 is malformed": endsAsMalformed(
    cbor.mapItem([...pingBody, ["x", cbor.textOfBytes(Buffer.from([0x61, 0xff]))]]),
  ),
  "bytes behind the map are malformed": endsAsMalformed(cbor.mapItem(pingBody), cbor.uint(0)),
  "a body that ends too early is malformed": endsAsMalformed(cbor.mapItem(pingBody).subarray(0, -1)),
  "a frame without a body is malformed": endsAsMalformed(),
  "a body that is no map is malformed": async (context) => {
    await endsAsMalformed(cbor.arrayItem(cbor.uint(request)))(context);
    await endsAsMalformed(cbor.bytesItem(Buffer.from([request])))(context);
  },
  "sixteen arrays and maps within each other are read": refuses(
    ping,
    cbor.mapItem([...pingBody, ["x", cbor.nestedArrays(15)]]),
  ),
  "seventeen arrays and maps within each other are not read": endsAsMalformed(
    cbor.mapItem([...pingBody, ["x", cbor.nestedArrays(16)]]),
  ),
  "an unknown key is malformed": refuses(ping, cbor.mapItem([...pingBody, ["more", cbor.uint(1)]])),
  "a missing key is malformed": async (context) => {
    await refuses(coldClientFrames.resume.code, cbor.mapItem(pingBody))(context);
    await endsAsMalformed(cbor.mapItem([]))(context);
  },
  "null does not mean absent": async (context) => {
    const { socket } = await context.signUp();
    const body = cbor.mapItem([
      ["request", cbor.uint(80_000)],
      ["names", cbor.simple(22)],
    ]);
    socket.sendBytes(cbor.frameOf(coldClientFrames.findUsers.code, body));
    refusedWith("malformed_frame", "findUsers with names of null", await socket.answerTo(80_000, "an error"));
  },
  "a field of another type is malformed": async (context) => {
    for (const token of [cbor.textItem("token"), cbor.uint(1), cbor.arrayItem(), cbor.bytesItem(Buffer.alloc(257))]) {
      await refusedByNumber(context, coldClientFrames.resume.code, cbor.mapItem([...pingBody, ["token", token]]));
    }
  },
});

export const clientFrameCases = casesOf("Cold frames from client to server", {
  "every request of the table is known to the server": async (context) => {
    const { socket } = await context.signUp();
    const requests = keysOf(coldClientFrames).filter((kind): kind is RequestKind => "reply" in coldClientFrames[kind]);
    for (const [i, kind] of requests.entries()) {
      const { code } = coldClientFrames[kind];
      const number = 1000 + i;
      socket.sendBytes(cbor.frameOf(code, cbor.mapItem([["request", cbor.uint(number)]])));
      const answer = await socket.answerTo(number, `an answer to ${kind}`);
      expectThat(answer.kind !== "error" || answer.code !== "unknown_frame", `${kind} is known`, answer);
    }
  },
  "a post with a wrong field ends the connection": async (context) => {
    const { socket } = await context.signUp();
    socket.sendBytes(cbor.frameOf(coldClientFrames.typing.code, cbor.mapItem([["group", cbor.uint(0)]])));
    await socket.endsWith("malformed_frame");
  },
  "findUsers takes 100 names and ids together, and no more": async (context) => {
    const { socket, id } = await context.signUp();
    const names = Array.from({ length: 60 }, (_, i) => `nobody-${i}`);
    const { users } = await socket.granted({ kind: "findUsers", names, ids: new Array(40).fill(id) });
    expectEqual("how many answers", users.length, 100);
    await socket.refused({ kind: "findUsers", names, ids: new Array(41).fill(id) }, "malformed_frame");
  },
  "stageKeys takes no more than 256 keys": async (context) => {
    const { socket, id } = await context.signUp();
    const keys = Array.from({ length: 257 }, () => ({ epoch: 1, user: id, wrapped: Buffer.alloc(1) }));
    await socket.refused({ kind: "stageKeys", group: 1, keys }, "malformed_frame");
  },
  "a wrapped key has 1 to 1,024 bytes": async (context) => {
    const { socket, id } = await context.signUp();
    const keysOf = (bytes: number) => [{ epoch: 1, user: id, wrapped: Buffer.alloc(bytes) }];
    await socket.refused({ kind: "stageKeys", group: 1, keys: keysOf(0) }, "malformed_frame");
    await socket.refused({ kind: "stageKeys", group: 1, keys: keysOf(1025) }, "malformed_frame");
  },
});
