import { messageOf } from "../../platform/failure.ts";
import {
  type ColdClientFrame,
  coldClientFrames,
  isRequest,
  type PostFrame,
  type PostKind,
  type RequestKind,
} from "../../wire/client-frame.ts";
import { limits } from "../../wire/limits.ts";
import { encodeServerFrame } from "../../wire/server-frame.ts";
import { accountRequests } from "./account.ts";
import type { RequestBody } from "./bodies.ts";
import { groupRequests } from "./groups.ts";
import type { Answer, Asker, AtOnce, Handler, Handlers, PostHandlers } from "./handlers.ts";
import { historyRequests } from "./history.ts";
import { peopleRequests } from "./people.ts";
import { presencePosts } from "./presence.ts";
import { busyRetryMs, type Refusal, refusal } from "./refusal.ts";

/** The handlers of all requests of the wire's table: one that is forgotten does not compile. */
const handlers: Handlers<RequestKind> = { ...accountRequests, ...peopleRequests, ...groupRequests, ...historyRequests };
const posts: PostHandlers<PostKind> = presencePosts;

/** Handles a frame other than SEND: carries it out if the connection may send it, and answers it if it is a request. */
export function receive(asker: Asker, frame: ColdClientFrame): void {
  const { from } = coldClientFrames[frame.kind];
  if (from === "user" && asker.user === undefined) return asker.end("not_authenticated", `${frame.kind} before login`);
  if (!isRequest(frame)) return post(asker, frame.kind, frame);
  if (from === "stranger" && asker.user !== undefined) {
    return reply(asker, frame.request, refusal("already_authenticated", `this connection is user ${asker.user}'s`));
  }
  answer(asker, frame.request, frame.kind, frame);
}

function post<Kind extends PostKind>(asker: Asker, kind: Kind, frame: PostFrame<Kind>): void {
  posts[kind](asker, frame);
}

/** Answers a request. The connection's other frames do not wait for a request that takes a while. */
function answer<Kind extends RequestKind>(asker: Asker, request: number, kind: Kind, asked: RequestBody<Kind>): void {
  const handler = handlers[kind];
  if ("atOnce" in handler) return reply(asker, request, handler.atOnce(asker, asked));
  const isTaken = asker.whileInFlight(async () => reply(asker, request, await answered(asker, handler, asked)));
  if (isTaken) return;
  const detail = `${limits.requestsInFlightMax} requests of this connection are not answered yet`;
  reply(asker, request, refusal("busy", detail, busyRetryMs));
}

async function answered<Kind extends RequestKind>(
  asker: Asker,
  handler: Exclude<Handler<Kind>, AtOnce<Kind>>,
  asked: RequestBody<Kind>,
): Promise<Answer<Kind>> {
  try {
    return await handler(asker, asked);
  } catch (cause) {
    return failed(asker, cause);
  }
}

function reply(asker: Asker, request: number, answer: Answer<RequestKind>): void {
  if (asker.isOver) return;
  const body = typeof answer === "function" ? answer() : answer;
  asker.connection.send(encodeServerFrame({ request, ...body }));
}

function failed({ server }: Asker, cause: unknown): Refusal {
  if (server.isDatabaseAway(cause)) {
    server.log.warn({ cause: messageOf(cause) }, "a request found the database away");
    return refusal("busy", "the database is away", busyRetryMs);
  }
  server.log.error({ err: cause }, "a request failed");
  return refusal("internal", "the server could not do this; its log has the cause", busyRetryMs);
}
