import { groupsMeant } from "../../core/client/index.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import { openGroup, openNextUnread } from "./conversations.ts";
import { askBefore } from "./dialogs/confirm.ts";
import { showFiles } from "./dialogs/files.ts";
import { showGroup } from "./dialogs/group.ts";
import { showHelp } from "./dialogs/help.ts";
import { showMembers } from "./dialogs/members.ts";
import { showSearch } from "./dialogs/search.ts";
import { showSettings } from "./dialogs/settings.ts";
import { showTransfers } from "./dialogs/transfers.ts";
import { showTrust } from "./dialogs/trust.ts";
import { namesIn } from "./names.ts";
import type { Settings } from "./settings.ts";
import type { PersonRow } from "./shown.ts";
import type { ChatState } from "./state.ts";
import { activeConversation, type Step, step, withProblem, withToast } from "./step.ts";

interface Command {
  /** What is written behind the name, for the help. */
  readonly takes: string;
  readonly help: string;
  run(state: ChatState, argument: string): Step<ChatState>;
}

/** The commands: what can be written into the message box behind a slash. */
export const commands: Readonly<Record<string, Command>> = {
  help: { takes: "", help: "keys and commands", run: (state) => step(showHelp(state)) },
  join: { takes: "GROUP", help: "go to a group", run: join },
  create: { takes: "TITLE: alice, bob", help: "found a group", run: create },
  add: { takes: "alice, bob", help: "add members", run: (state, names) => amend(state, names, "add") },
  remove: { takes: "alice, bob", help: "remove members", run: (state, names) => amend(state, names, "remove") },
  promote: { takes: "alice", help: "make admins of members", run: (state, names) => amend(state, names, "promote") },
  demote: { takes: "alice", help: "take that back", run: (state, names) => amend(state, names, "demote") },
  rename: { takes: "TITLE", help: "rename the group", run: rename },
  leave: { takes: "", help: "leave the group", run: leave },
  delete: { takes: "", help: "remove everybody, and leave", run: deleteGroup },
  amend: { takes: "", help: "rename the group, add and remove members", run: (state) => withGroup(state, showGroup) },
  members: { takes: "", help: "members, roles, safety numbers", run: (state) => withGroup(state, showMembers) },
  trust: { takes: "alice", help: "compare safety numbers", run: (state, name) => withPerson(state, name, showTrust) },
  verify: {
    takes: "alice",
    help: "the numbers were compared and are the same",
    run: (state, name) => withPerson(state, name, (there, { user }) => step(there, { kind: "verify", user })),
  },
  accept: {
    takes: "alice",
    help: "look at a changed identity",
    run: (state, name) => withPerson(state, name, showTrust),
  },
  send: { takes: "[PATH]", help: "send an image or a file", run: sendFile },
  transfers: { takes: "", help: "files on their way", run: (state) => step(showTransfers(state)) },
  find: {
    takes: "WORDS",
    help: "search this conversation",
    run: (state, words) => showSearch(state, state.scene.active, words),
  },
  search: {
    takes: "WORDS",
    help: "search all conversations",
    run: (state, words) => showSearch(state, undefined, words),
  },
  next: { takes: "", help: "the next conversation with something new", run: openNextUnread },
  settings: { takes: "", help: "settings", run: (state) => step(showSettings(state)) },
  theme: {
    takes: "dark|light|none",
    help: "colours",
    run: setting("theme", { dark: "dark", light: "light", none: "none" }),
  },
  notify: {
    takes: "mentions|all|none",
    help: "for what the terminal rings",
    run: setting("notify", { mentions: "mentions", all: "all", none: "none" }),
  },
  typing: {
    takes: "on|off",
    help: "whether others see that you write",
    run: setting("typing", { on: true, off: false }),
  },
  receipts: {
    takes: "on|off",
    help: "whether others see what you have read",
    run: setting("receipts", { on: true, off: false }),
  },
  quit: { takes: "", help: "leave FastChat", run: (state) => step(state, { kind: "quit" }) },
};

export const commandNames = Object.keys(commands);

export function runCommand(state: ChatState, line: string): Step<ChatState> {
  const [, name = "", argument = ""] = /^\/(\S*)(.*)/s.exec(line) ?? [];
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command)
    return step(withProblem(state, `There is no /${name}; /help lists what there is, and // begins a text.`));
  return command.run(state, argument.trim());
}

function join(state: ChatState, title: string): Step<ChatState> {
  const [row, ...others] = groupsMeant(state.scene.groups, title);
  return row && others.length === 0
    ? openGroup(state, row.group)
    : step(withProblem(state, `There is no one group called ${title || "nothing"}.`));
}

function create(state: ChatState, argument: string): Step<ChatState> {
  const title = argument.replace(/:.*/s, "").trim();
  if (title === "") return showGroup(state, undefined);
  return step(withToast(state, `founding ${title}…`), {
    kind: "createGroup",
    title,
    members: namesIn(argument.replace(/[^:]*:?/, "")),
    history: false,
    expireSeconds: 0,
  });
}

function amend(state: ChatState, text: string, how: "add" | "remove" | "promote" | "demote"): Step<ChatState> {
  const names = namesIn(text);
  if (names.length === 0) return step(withProblem(state, `Whom? /${how} alice, bob`));
  return withGroup(state, (there, group) => step(there, { kind: "amendGroup", group, [how]: names }));
}

function rename(state: ChatState, title: string): Step<ChatState> {
  if (title === "") return step(withProblem(state, "Under which title? /rename TITLE"));
  return withGroup(state, (there, group) => step(there, { kind: "amendGroup", group, title }));
}

function leave(state: ChatState): Step<ChatState> {
  return withGroup(state, (there, group) =>
    step(
      askBefore(there, {
        title: "Leave the group?",
        text: "Nothing that is written from now on will be readable here. What was read stays.",
        yes: "Leave",
        no: "Stay",
        effects: [{ kind: "leaveGroup", group }],
      }),
    ),
  );
}

function deleteGroup(state: ChatState): Step<ChatState> {
  return withGroup(state, (there, group) =>
    step(
      askBefore(there, {
        title: "Delete the group?",
        text: "Everybody is removed, and you leave. Nobody can write there any more; everybody keeps what they have read.",
        yes: "Delete",
        no: "Keep it",
        effects: [{ kind: "deleteGroup", group }],
      }),
    ),
  );
}

function sendFile(state: ChatState, path: string): Step<ChatState> {
  return withGroup(state, (there, group) =>
    path === ""
      ? showFiles(there, group)
      : step(withToast(there, `sending ${path}…`), { kind: "sendFile", group, file: path, keepMetadata: false }),
  );
}

/** Runs what needs a group: one must be shown, and the user must be its member. */
export function withGroup(
  state: ChatState,
  run: (state: ChatState, group: GroupId) => Step<ChatState>,
): Step<ChatState> {
  const conversation = activeConversation(state);
  if (!conversation) return step(withProblem(state, "No group is open: found one, or go to one."));
  const row = state.scene.groups.find(({ group }) => group === conversation.group);
  if (row?.left) return step(withProblem(state, "You are no member of this group any more."));
  return run(state, conversation.group);
}

function withPerson(
  state: ChatState,
  name: string,
  run: (state: ChatState, person: PersonRow) => Step<ChatState>,
): Step<ChatState> {
  const wanted = name.replace(/^@/, "").toLowerCase();
  const person = [...state.scene.people.values()].find((of) => of.name.toLowerCase() === wanted);
  return person ? run(state, person) : step(withProblem(state, `You have met nobody called ${name || "nothing"}.`));
}

function setting<K extends keyof Settings>(key: K, values: Readonly<Record<string, Settings[K]>>) {
  return (state: ChatState, text: string): Step<ChatState> => {
    const value = values[text];
    if (value === undefined) return step(withProblem(state, `/${key} takes ${Object.keys(values).join(", ")}.`));
    const settings = { ...state.settings, [key]: value };
    return step(withToast({ ...state, settings }, `${key}: ${text}`), { kind: "saveSettings", settings });
  };
}
