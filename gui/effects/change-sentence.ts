import type { GroupChange } from "../../core/client/index.ts";
import type { UserId } from "../../core/wire/ids.ts";
import { ended } from "../text/sentence.ts";

interface Reader {
  /** Called "you". */
  readonly self: UserId;
  readonly nameOf: (user: UserId) => string;
  /** What the group is called now. */
  readonly group: string;
}

/** A sentence about what somebody else did to a group; undefined for a change that no member needs to know of. */
export function changeSentence(change: GroupChange, { self, nameOf, group }: Reader): string | undefined {
  const by = nameOf(change.actor);
  const whom = change.subjects.map((user) => (user === self ? "you" : nameOf(user))).join(", ");
  switch (change.action) {
    case "create":
      return ended(`${by} has founded ${group}`);
    case "admit":
      return ended(`${by} has added ${whom} to ${group}`);
    case "remove":
      return ended(`${by} has removed ${whom} from ${group}`);
    case "leave":
      return ended(`${by} has left ${group}`);
    case "promote":
      return ended(`${by} has made ${whom} admin of ${group}`);
    case "demote":
      return ended(`${by} has made ${whom} a member without admin's rights in ${group}`);
    case "rename":
      return ended(
        change.title === undefined ? `${by} has renamed a group` : `${by} now calls the group ${change.title}`,
      );
    case "rekey":
      return undefined;
    default:
      return change.action satisfies never;
  }
}
