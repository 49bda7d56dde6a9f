import fc from "fast-check";
import { keysOf } from "../platform/keys-of.ts";
import type { ClientFrame } from "../wire/client-frame.ts";
import { errorCodeNames } from "../wire/errors.ts";
import { clientMessageId, epoch, epochMax, groupId, idMax, seq, userId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import type { LinkFrame } from "../wire/link-frame.ts";
import { type MembershipEntry, membershipActions } from "../wire/membership-entry.ts";
import { opaqueBytes } from "../wire/opaque-bytes.ts";
import type { MessageType } from "../wire/send-frame.ts";
import type { ServerFrame } from "../wire/server-frame.ts";
import { present } from "./present.ts";

/** Frames of every kind with every legal content, for properties: a kind that is forgotten here does not compile. */
export type OneOfEach<Frame extends { readonly kind: string }> = {
  readonly [Kind in Frame["kind"]]: fc.Arbitrary<Omit<Extract<Frame, { readonly kind: Kind }>, "kind">>;
};

/** Small numbers are as likely as the largest: an encoding changes its width at small ones, too. */
const whole = (min: number, max: number) =>
  fc.oneof(
    fc.integer({ min, max: Math.min(max, min + 300) }),
    fc.maxSafeInteger().map((n) => min + (Math.abs(n) % (max - min + 1))),
    fc.constantFrom(min, max),
  );

const id = whole(1, idMax);
export const anyGroup = id.map(groupId);
export const anyUser = id.map(userId);
export const anySeq = whole(0, idMax).map(seq);
export const anyEpoch = whole(1, epochMax).map(epoch);
const count = whole(0, epochMax);
const time = whole(0, idMax);
const request = whole(0, 0xffff_ffff);
export const anyMessageId = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(clientMessageId);
export const anyBytes = (maxLength: number) =>
  fc.uint8Array({ maxLength, size: "max" }).map((bytes) => bytes.subarray(0, maxLength));
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const backup = fc.uint8Array({ minLength: limits.backupBytesMin, maxLength: 200 });
const wrapped = fc.uint8Array({ minLength: 1, maxLength: 100 });
const registrationRequest = bytesOf(opaqueBytes.registrationRequest);
const registrationResponse = bytesOf(opaqueBytes.registrationResponse);
const record = bytesOf(opaqueBytes.registrationRecord);
const name = fc.string({ maxLength: 40 });
const users = fc.array(anyUser, { maxLength: 5 });
const cursors = fc.array(fc.tuple(anyUser, anySeq), { maxLength: 5 });
const code = fc.constantFrom(...errorCodeNames);
const optional = <Shape>(shape: { [Key in keyof Shape]: fc.Arbitrary<Shape[Key]> }) =>
  fc.record<Shape, never>(shape, { requiredKeys: [] });
const merged = <A extends object, B extends object>(a: fc.Arbitrary<A>, b: fc.Arbitrary<B>): fc.Arbitrary<A & B> =>
  fc.tuple(a, b).map(([left, right]) => ({ ...left, ...right }));

export const clientFrames: OneOfEach<ClientFrame> = {
  send: fc.record({
    resend: fc.boolean(),
    skipsRefused: fc.boolean(),
    type: fc.constantFrom<MessageType>(0, 2),
    epoch: anyEpoch,
    group: anyGroup,
    clientMessageId: anyMessageId,
    payload: anyBytes(200),
  }),
  signUpStart: fc.record({ request, name, message: registrationRequest }),
  signUpFinish: merged(fc.record({ request, name, record, identity: anyBytes(200) }), optional({ backup })),
  logInStart: fc.record({ request, name, message: bytesOf(opaqueBytes.ke1) }),
  logInFinish: fc.record({ request, message: bytesOf(opaqueBytes.ke3) }),
  resume: fc.record({ request, token: anyBytes(200) }),
  logOut: fc.record({ request }),
  fetchBackup: fc.record({ request }),
  saveBackup: fc.record({ request, backup }),
  passwordStart: fc.record({ request, message: registrationRequest }),
  passwordFinish: fc.record({ request, record, backup }),
  findUsers: merged(fc.record({ request }), optional({ names: fc.array(name, { maxLength: 5 }), ids: users })),
  groups: fc.record({ request }),
  stageKeys: fc.record({
    request,
    group: anyGroup,
    keys: fc.array(fc.record({ epoch: anyEpoch, user: anyUser, wrapped }), { maxLength: 4 }),
  }),
  change: fc.record({ request, entry: anyBytes(300) }),
  log: fc.record({ request, group: anyGroup, from: count }),
  keys: fc.record({ request, group: anyGroup, from: anyEpoch }),
  sync: fc.record({ request, group: anyGroup, after: anySeq, through: anySeq }),
  read: fc.record({ group: anyGroup, seq: anySeq }),
  open: fc.record({ group: anyGroup }),
  close: fc.record({ group: anyGroup }),
  typing: fc.record({ group: anyGroup }),
  ping: fc.record({ request }),
};

const deliveredMessage = fc.record({
  sender: anyUser,
  clientMessageId: anyMessageId,
  type: fc.constantFrom<MessageType>(0, 1, 2),
  sentAt: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  epoch: anyEpoch,
  payload: anyBytes(120),
});

export const serverFrames: OneOfEach<ServerFrame> = {
  ack: fc.record({
    acknowledgements: fc.array(fc.record({ clientMessageId: anyMessageId, seq: id.map(seq), sentAt: time }), {
      minLength: 1,
      maxLength: 5,
    }),
  }),
  deliver: fc.record({
    group: anyGroup,
    firstSeq: whole(1, idMax - 10).map(seq),
    messages: fc.array(deliveredMessage, { minLength: 1, maxLength: 5 }),
  }),
  reject: merged(
    fc.record({ group: anyGroup, clientMessageId: bytesOf(8), code }),
    optional({ epoch: anyEpoch, retryAfterMs: count, remaining: count, resetMs: count }),
  ),
  error: merged(fc.record({ code, detail: fc.string() }), optional({ request, retryAfterMs: count })),
  done: fc.record({ request }),
  signUpStarted: fc.record({ request, message: registrationResponse }),
  logInStarted: fc.record({ request, message: bytesOf(opaqueBytes.ke2) }),
  welcome: fc.record({ request, user: anyUser, name, server: name, token: anyBytes(120), tokenExpiresAt: time }),
  backup: fc.record({ request, backup: fc.option(backup) }),
  passwordStarted: fc.record({ request, message: registrationResponse }),
  users: fc.record({
    request,
    users: fc.array(fc.option(fc.record({ user: anyUser, name, identity: anyBytes(200) })), { maxLength: 4 }),
  }),
  groups: fc.record({
    request,
    groups: fc.array(
      fc.record({ group: anyGroup, epoch: anyEpoch, lastSeq: anySeq, logLength: count, readSeq: anySeq }),
      { maxLength: 4 },
    ),
  }),
  changed: fc.record({ request, group: anyGroup, seq: anySeq, epoch: anyEpoch, index: count }),
  log: fc.record({
    request,
    group: anyGroup,
    length: count,
    entries: fc.array(fc.record({ index: count, seq: anySeq, entry: anyBytes(150) }), { maxLength: 4 }),
  }),
  keys: fc.record({
    request,
    group: anyGroup,
    keys: fc.array(fc.record({ epoch: anyEpoch, wrapped }), { maxLength: 4 }),
    more: fc.boolean(),
  }),
  joined: fc.record({ group: anyGroup, epoch: anyEpoch, lastSeq: anySeq, logLength: count }),
  left: fc.record({ group: anyGroup, epoch: anyEpoch }),
  synced: fc.record({ request, group: anyGroup, after: anySeq, through: anySeq, lastSeq: anySeq }),
  cursors: fc.record({ group: anyGroup, cursors }),
  presence: fc.record({ group: anyGroup, online: users, offline: users }),
  typing: fc.record({ group: anyGroup, users }),
  pong: fc.record({ request }),
  goAway: fc.record({ reason: fc.constant("draining" as const) }),
};

export const linkFrames: OneOfEach<LinkFrame> = {
  linkDeliver: fc.record({ frames: fc.array(anyBytes(100), { minLength: 1, maxLength: 4 }) }),
  interest: fc.record({
    request,
    join: fc.array(anyGroup, { maxLength: 4 }),
    leave: fc.array(anyGroup, { maxLength: 4 }),
  }),
  interested: fc.record({ request }),
  heartbeat: fc.record({
    url: fc.webUrl(),
    at: time,
    load: fc.record({
      connections: count,
      utilization: fc.double({ min: 0, max: 1, noNaN: true }),
      lagMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
      draining: fc.boolean(),
    }),
  }),
  bye: fc.record({ at: time }),
  changed: fc.record({ group: anyGroup, index: count, epoch: anyEpoch, seq: anySeq, joined: users, left: users }),
  presenceWatch: fc.record({ group: anyGroup, watching: fc.boolean() }),
  presence: fc.record({ group: anyGroup, complete: fc.boolean(), online: users, offline: users }),
  cursors: fc.record({ group: anyGroup, cursors }),
  revoked: fc.record({ session: anyBytes(32) }),
  typing: fc.record({ group: anyGroup, users }),
};

/** Frames of one kind. */
export function frameOf<Frame extends { readonly kind: string }, Kind extends Frame["kind"]>(
  each: OneOfEach<Frame>,
  kind: Kind,
): fc.Arbitrary<Extract<Frame, { readonly kind: Kind }>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the body is all of the frame but its kind, which TypeScript does not put together again
  return each[kind].map((body) => ({ kind, ...body }) as unknown as Extract<Frame, { readonly kind: Kind }>);
}

/** Frames of any kind. */
export function anyFrameOf<Frame extends { readonly kind: string }>(each: OneOfEach<Frame>): fc.Arbitrary<Frame> {
  return fc.oneof(...keysOf(each).map((kind) => frameOf<Frame, Frame["kind"]>(each, kind)));
}

/** The same frame of one kind at every call with the same seed. */
export function sampleOf<Frame extends { readonly kind: string }, Kind extends Frame["kind"]>(
  each: OneOfEach<Frame>,
  kind: Kind,
  seed = 1,
): Extract<Frame, { readonly kind: Kind }> {
  return present(fc.sample(frameOf(each, kind), { seed, numRuns: 1 })[0]);
}

const hash = bytesOf(32);
const settings = fc.record({
  suite: fc.string({ minLength: 1, maxLength: 32 }),
  history: fc.boolean(),
  expireSeconds: count,
});

/** Entries of the right form, which need not be a log together. */
export const anyEntry: fc.Arbitrary<MembershipEntry> = merged(
  fc.record({
    group: anyGroup,
    index: count,
    epoch: anyEpoch,
    action: fc.constantFrom(...membershipActions),
    actor: anyUser,
    actorFingerprint: hash,
    subjects: fc.array(fc.record({ user: anyUser, fingerprint: hash }), { maxLength: 4 }),
    previous: hash,
  }),
  optional({ opening: anyBytes(100), sealedTitle: anyBytes(100), settings }),
);
