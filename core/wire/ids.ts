declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Given by the server at sign-up, from 1. */
export type UserId = Brand<number, "UserId">;
/** Drawn by the client that creates the group, uniformly from 1 to 2^53 − 1, so that the signed first entry can name it. */
export type GroupId = Brand<number, "GroupId">;
/** A message's sequence number in its group: dense, from 1. 0 stands before the first. */
export type Seq = Brand<number, "Seq">;
/** Which of a group's keys: 1 at creation, one more at each change of membership. */
export type Epoch = Brand<number, "Epoch">;
/** A sender's own name for a message: 64 bits, unique among the sender's messages, so that a resend is recognised. */
export type ClientMessageId = Brand<bigint, "ClientMessageId">;

export const idMax = Number.MAX_SAFE_INTEGER;
export const epochMax = 2 ** 31 - 1;

const isId = (value: number) => Number.isSafeInteger(value) && value > 0;
const isUserId = (value: number): value is UserId => isId(value);
export const isGroupId = (value: number): value is GroupId => isId(value);

export function userId(value: number): UserId {
  if (!isUserId(value)) throw new RangeError(`user id ${value}`);
  return value;
}

export function groupId(value: number): GroupId {
  if (!isGroupId(value)) throw new RangeError(`group id ${value}`);
  return value;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this gives the brand; bounds are checked where frames are parsed
export const seq = (value: number) => value as Seq;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this gives the brand; bounds are checked where frames are parsed
export const epoch = (value: number) => value as Epoch;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this gives the brand
export const clientMessageId = (value: bigint) => BigInt.asUintN(64, value) as ClientMessageId;

export const seqBeforeFirst = seq(0);
export const firstEpoch = epoch(1);

/** The seq that is `count` further on, or further back if that is negative. */
export const seqPlus = (from: Seq, count: number) => seq(from + count);
export const nextSeq = (after: Seq) => seq(after + 1);
export const previousSeq = (before: Seq) => seq(before - 1);
export const maxSeq = (a: Seq, b: Seq) => seq(Math.max(a, b));
export const minSeq = (a: Seq, b: Seq) => seq(Math.min(a, b));

export const nextEpoch = (after: Epoch) => epoch(after + 1);
