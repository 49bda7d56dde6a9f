import type { ReplyTo, RequestFrame, RequestKind } from "../../wire/client-frame.ts";
import type { Refusal } from "./refusal.ts";

type Without<Keys extends string, Frame> = Frame extends unknown ? Omit<Frame, Keys> : never;

/** The body of each request. Handlers do not see its number. */
export type Asked = { readonly [Kind in RequestKind]: Without<"kind" | "request", RequestFrame<Kind>> };
type Replies = { readonly [Kind in RequestKind]: Without<"request", ReplyTo<Kind>> };
export type RequestBody<Kind extends RequestKind> = Asked[Kind];
/** The answers that a request of this kind may get. */
export type Answer<Kind extends RequestKind> = Replies[Kind] | Refusal;
