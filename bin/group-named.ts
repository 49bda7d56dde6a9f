import type { ShownGroup } from "../core/client/index.ts";
import { Failure } from "../core/platform/failure.ts";
import { plainLine } from "./plain-line.ts";

/** The group that somebody means by its id, its title, or what the title of no other one begins with. */
export function groupNamed(groups: readonly ShownGroup[], typed: string): ShownGroup {
  const present = groups.filter(({ leftAt }) => leftAt === undefined);
  const byId = present.filter(({ group }) => String(group) === typed);
  const wanted = folded(typed);
  const byTitle = present.filter(({ title }) => title !== undefined && folded(title) === wanted);
  const byBeginning = present.filter(
    ({ title }) => wanted !== "" && title !== undefined && folded(title).startsWith(wanted),
  );
  const meant = [byId, byTitle, byBeginning].find((found) => found.length > 0) ?? [];
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

const folded = (title: string) => title.normalize("NFKC").toLowerCase().trim();

const nameOf = ({ title, group }: ShownGroup) => (title === undefined ? `${group}` : `${plainLine(title)} (${group})`);
