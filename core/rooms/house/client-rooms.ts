import { noBuiltins, type Room, tower } from "../room.ts";

export const belowClient = ["core/platform", "core/wire", "core/e2ee"] as const;

/** From the ground up. */
export const clientRooms: readonly Room[] = tower([
  {
    path: "core/client/text",
    holds: "what is done with others' text: made harmless, mentions, titles, limits",
    imports: ["core/platform", "core/wire"],
    builtins: noBuiltins,
  },
  {
    path: "core/client/socket",
    holds: "sockets and HTTP as a client needs them, and where to connect",
    imports: ["core/platform", "core/wire"],
  },
  {
    path: "core/client/mail",
    holds: "requests and their replies, feeds, the outbox: knows nothing of what is in messages",
    imports: ["core/platform", "core/wire"],
    builtins: noBuiltins,
  },
  {
    path: "core/client/people",
    holds: "who somebody is: identities, pins, safety numbers",
    imports: belowClient,
    builtins: noBuiltins,
  },
  {
    path: "core/client/group",
    holds: "one group as a member sees it: its log, keys, messages, changes",
    imports: belowClient,
    builtins: ["node:crypto"],
  },
  {
    path: "core/client/client.ts",
    holds: "a user's client, as its users see it",
    imports: belowClient,
    builtins: noBuiltins,
  },
  {
    path: "core/client/create-client.ts",
    holds: "assembles a client, the same for people and for simulated users",
    imports: belowClient,
    builtins: noBuiltins,
  },
  {
    path: "core/client/files",
    holds: "files up and down, chunk by chunk, sealed",
    imports: [...belowClient, "core/media"],
  },
  {
    path: "core/client/vault",
    holds: "the account's encrypted database",
    imports: belowClient,
  },
  {
    path: "core/client/account",
    holds: "an account at this machine: sign-up, login, profile, all together",
    imports: belowClient,
  },
]);
