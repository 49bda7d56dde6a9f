import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const events = "gui/model/account-events.test.ts";
const composer = "gui/model/composer.test.ts";
const conversations = "gui/model/conversations.test.ts";
const dialogs = "gui/model/dialogs/dialogs.test.ts";
const signIn = "gui/model/update.test.ts";
const here = promised("readme", "Who is here, who is writing, who has read how far");
const trust = promised("readme", "an identity that changes gets nothing until it is accepted");
const search = promised("readme", "Search in one conversation or in all");
const drafts = promised("readme", "drafts; mentions; messages that expire");
const files = promised("readme", "files go on where they stopped");
const window = promised("gui", "the part of its messages that is loaded");
const pictures = promised("readme", "Pictures appear in the conversation");
const yes = promised("gui", "over another one only after a yes");
const groups = promised("readme", "Groups with admins: found, rename, add, remove, promote, leave, delete");

/** How the terminal client behaves. */
export const screenMutants: Mutants = {
  "a message that comes late rings": {
    promise: promised("gui", "A message rings when it is new, somebody else's, and out of sight"),
    file: "gui/model/account-events.ts",
    from: ", lastSeqOf(conversation) ?? seqBeforeFirst);",
    to: ");",
    tests: [events],
  },
  "a message below the view does not ring": {
    promise: promised("gui", "A message rings when it is new, somebody else's, and out of sight"),
    file: "gui/model/account-events.ts",
    from: "if (focused && scene.active === group && !conversation.anchor) return [];",
    to: "if (focused && scene.active === group) return [];",
    tests: [events],
  },
  "a message behind another window does not ring": {
    promise: promised("gui", "A message rings when it is new, somebody else's, and out of sight"),
    file: "gui/model/account-events.ts",
    from: "if (focused && scene.active === group",
    to: "if (scene.active === group",
    tests: [events],
  },
  "one's own message from another machine rings": {
    promise: promised("gui", "A message rings when it is new, somebody else's, and out of sight"),
    file: "gui/model/account-events.ts",
    from: "if (!content || sender === scene.self.user ||",
    to: "if (!content ||",
    tests: [events],
  },
  "a message rings although the user wants none of that": {
    promise: promised("gui", "in the background), if the user wants that"),
    file: "gui/model/account-events.ts",
    from: ` || settings.notify === "none") return`,
    to: ") return",
    tests: [events],
  },
  "who has sent something is shown as writing on": {
    promise: here,
    file: "gui/model/account-events.ts",
    from: `  typing.delete(sender);
`,
    to: "",
    tests: [events],
  },
  "the user is shown to themselves as writing": {
    promise: here,
    file: "gui/model/account-events.ts",
    from: `      if (event.user === scene.self.user) return step(state);
`,
    to: "",
    tests: [events],
  },
  "who has stopped writing is shown as writing for ever": {
    promise: here,
    file: "gui/model/account-events.ts",
    from: "([, untilMs]) => untilMs > state.nowMs",
    to: "([, untilMs]) => untilMs > 0",
    tests: [events],
  },
  "one person's safety number is shown in the dialog about another": {
    promise: trust,
    file: "gui/model/account-events.ts",
    from: "(dialog.user === number.user ? { ...dialog, number } : dialog)",
    to: "({ ...dialog, number })",
    tests: [events],
  },
  "a second changed identity is not shown over the first": {
    promise: trust,
    file: "gui/model/account-events.ts",
    from: `top?.kind === "trust" && top.user === user`,
    to: `top?.kind === "trust"`,
    tests: [events],
  },
  "what was found in another scope is shown": {
    promise: search,
    file: "gui/model/account-events.ts",
    from: "dialog.group === group && dialog.words.text === words ?",
    to: "dialog.words.text === words ?",
    tests: [events],
  },
  "what was found for other words is shown": {
    promise: search,
    file: "gui/model/account-events.ts",
    from: "dialog.group === group && dialog.words.text === words ?",
    to: "dialog.group === group ?",
    tests: [events],
  },
  "what was read a moment ago is unread again": {
    promise: drafts,
    file: "gui/model/account-events.ts",
    from: "return readSeq > row.readSeq ? { ...drafted, readSeq, unread: 0, mentions: 0 } : drafted;",
    to: "return readSeq < row.readSeq ? { ...drafted } : drafted;",
    tests: [events],
  },
  "a draft of a moment ago is gone from the list": {
    promise: drafts,
    file: "gui/model/account-events.ts",
    from: "const drafted = { ...row, draft };",
    to: "const drafted = { ...row };",
    tests: [events],
  },
  "older messages that could not be fetched are never asked for again": {
    promise: promised("gui", "Older messages that could not be fetched are asked for again at the next look"),
    file: "gui/model/account-events.ts",
    from: `{ older: "server" }), event.problem)`,
    to: `{ older: "loading" }), event.problem)`,
    tests: [events],
  },
  "a transfer that has ended stays on the list": {
    promise: files,
    file: "gui/model/account-events.ts",
    from: `      transfers.delete(event.id);
`,
    to: "",
    tests: [events],
  },
  "news stays on the screen for ever": {
    promise: promised("gui", "News goes by itself after a while"),
    file: "gui/model/update.ts",
    from: "state.toast && state.toast.untilMs > nowMs ? state.toast : undefined",
    to: "state.toast",
    tests: [events],
  },
  "a paste into a dialog goes into the text behind it": {
    promise: drafts,
    file: "gui/model/update.ts",
    from: "return dialog ? pastedInDialog(",
    to: `return dialog?.kind === "help" ? pastedInDialog(`,
    tests: [composer],
  },
  "a password goes along to the next profile": {
    promise: promised("gui", "What was typed as a password for one profile is gone when another is chosen"),
    file: "gui/model/sign-in.ts",
    from: `    fields: { ...state.scene.fields, password: emptyEditor },
    problem: undefined`,
    to: `    fields: { ...state.scene.fields },
    problem: undefined`,
    tests: [signIn],
  },
  "a draft is lost to a line that was recalled": {
    promise: drafts,
    file: "gui/model/conversations.ts",
    from: "const { text } = recalled?.kept ?? draft;",
    to: "const { text } = draft;",
    tests: [conversations],
  },
  "a conversation that is opened again shows the line that was recalled": {
    promise: drafts,
    file: "gui/model/conversations.ts",
    from: "  const { conversations } = left.state.scene;",
    to: "  const { conversations } = state.scene;",
    tests: [conversations],
  },
  "the end of a window in the middle is marked as read": {
    promise: here,
    file: "gui/model/conversations.ts",
    from: "conversation.anchor || !conversation.newest)",
    to: "conversation.anchor)",
    tests: [conversations],
  },
  "a text that is too long is lost": {
    promise: drafts,
    file: "gui/model/composer.ts",
    from: "if (refusal) return step(withProblem(state, sentence",
    to: "if (refusal) return step(withProblem(emptied(state, text), sentence",
    tests: [composer],
  },
  "what was sent stays a draft in the vault": {
    promise: drafts,
    file: "gui/model/composer.ts",
    from: `, { kind: "saveDraft", group, text: "" });`,
    to: ");",
    tests: [composer],
  },
  "an editor that fails takes the draft along": {
    promise: drafts,
    file: "gui/model/composer.ts",
    from: "if (text === undefined) return withProblem(state,",
    to: "if (text === undefined) return withProblem(written(state, emptyEditor),",
    tests: [composer],
  },
  "a window loses the messages that the user looks at": {
    promise: window,
    file: "gui/model/message-window.ts",
    from: "const kept = anchor === undefined ? all.slice(-windowMax) : all;",
    to: "const kept = all.slice(-windowMax);",
    tests: [conversations],
  },
  "a window grows without a bound": {
    promise: window,
    file: "gui/model/message-window.ts",
    from: "const kept = anchor === undefined ? all.slice(-windowMax) : all;",
    to: "const kept = all;",
    tests: [conversations],
  },
  "a window does not say that it has lost its end": {
    promise: window,
    file: "gui/model/message-window.ts",
    from: "newest: conversation.newest && kept.length === messages.length };",
    to: "newest: conversation.newest };",
    tests: [conversations],
  },
  "a new message is shown behind a window in the middle": {
    promise: window,
    file: "gui/model/message-window.ts",
    from: `  if (known < 0 && !newest) return conversation;
`,
    to: "",
    tests: [conversations],
  },
  "a picture is fetched before its message has a place": {
    promise: pictures,
    file: "gui/model/previews.ts",
    from: `if (content?.kind !== "file" || seq === undefined) return false;`,
    to: `if (content?.kind !== "file") return false;`,
    tests: [conversations],
  },
  "Escape answers a question with yes": {
    promise: yes,
    file: "gui/model/dialogs/confirm.ts",
    from: "  closed: refused,",
    to: "  closed: (state, dialog) => step(closeDialog(state), ...dialog.effects),",
    tests: [dialogs],
  },
  "a click on no answers a question with yes": {
    promise: yes,
    file: "gui/model/dialogs/confirm.ts",
    from: `row === 0 ? "yes" : "no"`,
    to: `row <= 1 ? "yes" : "no"`,
    tests: [dialogs],
  },
  "a form makes its change once more while the first is under way": {
    promise: groups,
    file: "gui/model/dialogs/group.ts",
    from: `  if (dialog.busy) return step(state);
`,
    to: "",
    tests: [events],
  },
  "the preview of one file is shown for another": {
    promise: pictures,
    file: "gui/model/dialogs/files.ts",
    from: "file === chosenFile(dialog) ?",
    to: `file !== "" ?`,
    tests: [dialogs],
  },
};
