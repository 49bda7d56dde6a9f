import assert from "node:assert/strict";
import type { TransportName } from "../server/transport/transport.ts";
import { clientMessageId, epoch, type GroupId } from "../wire/ids.ts";
import { encodeSend, type MessageType } from "../wire/send-frame.ts";
import type { ColdServerFrame } from "../wire/server-frame.ts";
import { deploy, type TestDeployment } from "./deployment.ts";
import type { Person } from "./person.ts";
import { RawClient } from "./raw-client.ts";

/** Servers with small budgets for messages and failed logins, which a test soon uses up. */
export const deployStrict = (transport: TransportName): Promise<TestDeployment> =>
  deploy({ transport, sendsPerSecond: 1, sendBurst: 50, failedLoginBurst: 3, failedLoginsPerMinute: 0.1 });

let names = 0;
/** A user name that is free. */
export const freshName = (name: string) => `${name}${names++}`;

/** A raw connection that has resumed a person's session. */
export async function rawAs(deployment: TestDeployment, somebody: Person): Promise<RawClient> {
  const raw = await RawClient.open(deployment.cluster.url);
  const welcome = await raw.ask({ kind: "resume", token: somebody.token });
  assert.equal(welcome.kind, "welcome");
  return raw;
}

/** The code of an `error` frame; for another frame, a text that says which. */
export function errorOf(frame: ColdServerFrame): string {
  return frame.kind === "error" ? frame.code : `no error but ${frame.kind}`;
}

/** A SEND frame. */
export function send(
  group: GroupId,
  id: number,
  of: { atEpoch?: number; payload?: Uint8Array; resend?: boolean; skipsRefused?: boolean; type?: MessageType } = {},
): Uint8Array {
  return encodeSend({
    resend: of.resend ?? false,
    skipsRefused: of.skipsRefused ?? false,
    type: of.type ?? 0,
    epoch: epoch(of.atEpoch ?? 1),
    group,
    clientMessageId: clientMessageId(BigInt(id)),
    payload: of.payload ?? Buffer.from(`payload ${id}`),
  });
}

/** The OPAQUE message of a reply. */
export function messageOf(frame: ColdServerFrame): Uint8Array {
  assert.ok("message" in frame);
  return frame.message;
}
