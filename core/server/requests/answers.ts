import type { ReplyTo, RequestFrame, RequestKind } from "../../wire/client-frame.ts";
import type { Refusal } from "./refusal.ts";

type Without<Keys extends string, Frame> = Frame extends unknown ? Omit<Frame, Keys> : never;

/** What each request asks, and what it may be answered: which number it has is no handler's business. */
export type Asked = { readonly [Kind in RequestKind]: Without<"kind" | "request", RequestFrame<Kind>> };
type Replies = { readonly [Kind in RequestKind]: Without<"request", ReplyTo<Kind>> };
export type RequestBody<Kind extends RequestKind> = Asked[Kind];
/** What a request of this kind may be answered. */
export type Answer<Kind extends RequestKind> = Replies[Kind] | Refusal;
