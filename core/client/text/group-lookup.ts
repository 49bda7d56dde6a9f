import type { GroupId } from "../../wire/ids.ts";

interface Titled {
  readonly group: GroupId;
  readonly title?: string | undefined;
}

/**
 * The groups that somebody may mean: the one of this id, else those of this title, else those whose title begins so; case,
 * width and accents' forms make no difference.
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
