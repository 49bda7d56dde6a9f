import { commandNames } from "./commands.ts";
import type { Editor } from "./editor.ts";
import { type Offer, offer } from "./offer.ts";
import type { ChatState } from "./state.ts";
import { activeConversation } from "./step.ts";

/** Commands that take a group, people, or members of the group. */
const groupCommands = /^\/join (.*)/s;
const peopleCommands = /^\/(?:add|trust|verify|accept|create) (?:.*[,:]\s*)?(.*)/s;
const memberCommands = /^\/(?:remove|promote|demote) (?:.*,\s*)?(.*)/s;

/** Completions of the word before the cursor. */
export function offerFor(state: ChatState, { text, cursor }: Editor): Offer | undefined {
  const before = text.slice(0, cursor);
  const members = () => activeConversation(state)?.facts?.members.map(({ name }) => name) ?? [];
  const people = () => [...state.scene.people.values()].map(({ name }) => name);
  const command = /^\/(\w*)$/.exec(before)?.[1];
  if (command !== undefined) return offer(commandNames, command, 1, (name) => `${name} `);
  const group = groupCommands.exec(before)?.[1];
  if (group !== undefined) {
    const titles = state.scene.groups.flatMap(({ title }) => (title === undefined ? [] : [title]));
    return offer(titles, group, cursor - group.length, (title) => title);
  }
  const person = peopleCommands.exec(before)?.[1];
  if (person !== undefined) return offer(people(), person, cursor - person.length, (name) => name);
  const member = memberCommands.exec(before)?.[1];
  if (member !== undefined) return offer(members(), member, cursor - member.length, (name) => name);
  const word = /(@?)([\p{L}\p{N}._-]*)$/u.exec(before);
  const [, at = "", begun = ""] = word ?? [];
  if (at === "" && begun === "") return undefined;
  return offer(members(), begun, cursor - begun.length, (name) => (at ? `${name} ` : `@${name} `));
}
