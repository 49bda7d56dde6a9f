import { groupsMeant, plainLine, type ShownGroup } from "../core/client/index.ts";
import { Failure } from "../core/platform/failure.ts";

/** The group that somebody means by its id, its title, or what the title of no other one begins with. */
export function groupNamed(groups: readonly ShownGroup[], typed: string): ShownGroup {
  const present = groups.filter(({ leftAt }) => leftAt === undefined);
  const meant = groupsMeant(present, typed);
  const [only, ...others] = meant;
  if (!only) {
    const known = present.map(nameOf).join(", ") || "none";
    throw new Failure("group_unknown", `you are in no group ${plainLine(typed)}`, `name one of these: ${known}`);
  }
  if (others.length === 0) return only;
  throw new Failure(
    "group_ambiguous",
    `${plainLine(typed)} may be any of these: ${meant.map(nameOf).join(", ")}`,
    "write more of its title, or its id",
  );
}

const nameOf = ({ title, group }: ShownGroup) => (title === undefined ? `${group}` : `${plainLine(title)} (${group})`);
