import type { GroupId } from "../../wire/ids.ts";

interface Titled {
  readonly group: GroupId;
  readonly title?: string | undefined;
}

/**
 * The groups that a typed text may mean: the one with this id, else those with this title, else those whose title begins with
 * it. Case, width and the form of accents make no difference.
 */
export function groupsMeant<Group extends Titled>(groups: readonly Group[], typed: string): readonly Group[] {
  const wanted = folded(typed);
  if (wanted === "") return [];
  const ways: readonly ((of: Group) => boolean)[] = [
    ({ group }) => String(group) === wanted,
    ({ title }) => title !== undefined && folded(title) === wanted,
    ({ title }) => title !== undefined && folded(title).startsWith(wanted),
  ];
  for (const isMeant of ways) {
    const found = groups.filter(isMeant);
    if (found.length > 0) return found;
  }
  return [];
}

const folded = (title: string) => title.normalize("NFKC").toLowerCase().trim();
