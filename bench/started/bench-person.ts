import {
  type Client,
  createClient,
  dialAssigned,
  IdentityCache,
  openLeanSocket,
  signUp,
} from "../../core/client/index.ts";
import { createIdentity, type IdentityKeyPairs } from "../../core/e2ee/identity.ts";
import * as opaque from "../../core/e2ee/opaque-client.ts";
import { inlineRsa } from "../../core/e2ee/rsa-inline.ts";
import { systemClock as clock } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import { seededRandom } from "../../core/platform/random.ts";
import type { GroupId } from "../../core/wire/ids.ts";

/** How many messages of one person may wait for their acknowledgement. */
export const outboxMax = 1000;

/** A user of a benchmark, whose client encrypts and has no vault. */
export interface BenchPerson {
  readonly client: Client;
  /** The session token. */
  readonly token: Uint8Array;
}

export async function signUpPerson(target: string, name: string, keyPairs: IdentityKeyPairs): Promise<BenchPerson> {
  const client = createClient(
    {
      dial: dialAssigned(target),
      open: openLeanSocket,
      clock,
      random: seededRandom(1),
      rsa: inlineRsa,
      identities: new IdentityCache(),
    },
    { outboxMax, pinning: false },
    {},
  );
  const identity = createIdentity(name, keyPairs);
  const credentials = { name, password: "simulated", effort: "simulated" } as const;
  const welcome = await client.logIn(identity, signUp(opaque, credentials, identity));
  if (!welcome.ok) throw new Failure("sign_up_failed", welcome.reason.detail, "see the server's log");
  return { client, token: welcome.value.token };
}

export async function foundGroup({ client }: BenchPerson, title: string, members: readonly string[]): Promise<GroupId> {
  const founded = await client.createGroup({ title, members });
  if (!founded.ok) throw new Failure("group_failed", founded.reason.detail, "see the server's log");
  return founded.value.group;
}
