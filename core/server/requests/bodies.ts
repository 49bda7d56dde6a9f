import type { ReplyTo, RequestFrame, RequestKind } from "../../wire/client-frame.ts";
import type { Refusal } from "./refusal.ts";

type Without<Keys extends string, Frame> = Frame extends unknown ? Omit<Frame, Keys> : never;

/** A request without its number, which handlers do not see. */
export type RequestBody<Kind extends RequestKind> = {
  readonly [Each in RequestKind]: Without<"kind" | "request", RequestFrame<Each>>;
}[Kind];
/** What a request of this kind may be answered with. */
export type ReplyBody<Kind extends RequestKind> =
  | { readonly [Each in RequestKind]: Without<"request", ReplyTo<Each>> }[Kind]
  | Refusal;
