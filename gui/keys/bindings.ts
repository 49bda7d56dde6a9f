import { z } from "zod";
import { messageOf } from "../../core/platform/failure.ts";
import { keysOf } from "../../core/platform/keys-of.ts";
import { accepted, type Parsed, refused } from "../../core/platform/result.ts";

/** What has the focus. A key that is not bound there has its meaning in `everywhere`. */
export type KeyContext = "everywhere" | "input" | "messages" | "groups" | "dialog" | "signIn";

interface Binding {
  readonly context: KeyContext;
  readonly keys: readonly string[];
  readonly help: string;
}

/**
 * Every key of the client. The help screen is made from it, and a user's file replaces keys in it. Keys
 * are named as blessed names them: `C-` with control, `M-` with alt, `S-` with shift.
 */
export const defaultBindings = {
  help: { context: "everywhere", keys: ["f1"], help: "this help" },
  quit: { context: "everywhere", keys: ["C-q", "C-c"], help: "leave FastChat" },
  redraw: { context: "everywhere", keys: ["C-l"], help: "draw the screen anew" },
  suspend: { context: "everywhere", keys: ["C-z"], help: "back to the shell; fg returns" },
  switch: { context: "everywhere", keys: ["C-k"], help: "go to a group by a part of its name" },
  nextUnread: { context: "everywhere", keys: ["C-n"], help: "the next conversation with something new" },
  previousGroup: { context: "everywhere", keys: ["M-up"], help: "the conversation above" },
  nextGroup: { context: "everywhere", keys: ["M-down"], help: "the conversation below" },
  find: { context: "everywhere", keys: ["C-f"], help: "search this conversation" },
  findAll: { context: "everywhere", keys: ["M-f"], help: "search all conversations" },
  newGroup: { context: "everywhere", keys: ["C-g"], help: "found a group" },
  amendGroup: { context: "everywhere", keys: ["M-g"], help: "rename this group, add and remove members" },
  members: { context: "everywhere", keys: ["C-t", "f2"], help: "members, roles, safety numbers" },
  sendFile: { context: "everywhere", keys: ["C-o", "f3"], help: "send an image or a file" },
  transfers: { context: "everywhere", keys: ["M-t"], help: "files on their way" },
  settings: { context: "everywhere", keys: ["f4"], help: "settings" },
  focusNext: { context: "everywhere", keys: ["f6"], help: "message box, messages, groups" },
  scrollUp: { context: "everywhere", keys: ["pageup"], help: "a page back in the conversation" },
  scrollDown: { context: "everywhere", keys: ["pagedown"], help: "a page on" },
  scrollEnd: { context: "everywhere", keys: ["M-end"], help: "to the newest message" },

  send: { context: "input", keys: ["enter"], help: "send" },
  newLine: { context: "input", keys: ["M-enter", "C-j"], help: "a new line" },
  complete: { context: "input", keys: ["tab"], help: "complete a name, a group, a command" },
  editor: { context: "input", keys: ["M-e"], help: "write in $EDITOR" },
  selectMessage: { context: "input", keys: ["S-up", "C-up"], help: "choose a message" },
  older: { context: "input", keys: ["up"], help: "the line above; in the first, what was sent before" },
  newer: { context: "input", keys: ["down"], help: "the line below; in the last, what was sent after" },
  left: { context: "input", keys: ["left", "C-b"], help: "a character back" },
  right: { context: "input", keys: ["right"], help: "a character on" },
  wordLeft: { context: "input", keys: ["M-left", "C-left", "M-b"], help: "a word back" },
  wordRight: { context: "input", keys: ["M-right", "C-right"], help: "a word on" },
  lineStart: { context: "input", keys: ["home", "C-a"], help: "to the line's beginning" },
  lineEnd: { context: "input", keys: ["end", "C-e"], help: "to the line's end" },
  eraseLeft: { context: "input", keys: ["backspace", "C-h"], help: "delete the character before" },
  eraseRight: { context: "input", keys: ["delete", "C-d"], help: "delete the character behind" },
  eraseWord: { context: "input", keys: ["C-w", "M-backspace"], help: "delete the word before" },
  eraseToStart: { context: "input", keys: ["C-u"], help: "delete to the line's beginning" },

  messageUp: { context: "messages", keys: ["up", "k", "S-up", "C-up"], help: "the message before" },
  messageDown: { context: "messages", keys: ["down", "j", "S-down", "C-down"], help: "the message after" },
  messageMenu: { context: "messages", keys: ["enter", "space"], help: "what can be done with it" },
  messageRetry: { context: "messages", keys: ["r"], help: "send a failed one again" },
  messageSave: { context: "messages", keys: ["s"], help: "save its file" },
  messageOpen: { context: "messages", keys: ["o"], help: "open its file or link" },
  messageLeave: { context: "messages", keys: ["escape", "i"], help: "back to the message box" },

  groupUp: { context: "groups", keys: ["up", "k"], help: "the group above" },
  groupDown: { context: "groups", keys: ["down", "j"], help: "the group below" },
  groupOpen: { context: "groups", keys: ["enter", "escape"], help: "write there" },

  close: { context: "dialog", keys: ["escape"], help: "close" },
  choose: { context: "dialog", keys: ["enter"], help: "choose, or do it" },
  itemUp: { context: "dialog", keys: ["up"], help: "the one above" },
  itemDown: { context: "dialog", keys: ["down"], help: "the one below" },
  pageUp: { context: "dialog", keys: ["pageup"], help: "a page up" },
  pageDown: { context: "dialog", keys: ["pagedown"], help: "a page down" },
  nextField: { context: "dialog", keys: ["tab"], help: "the next field" },
  previousField: { context: "dialog", keys: ["S-tab"], help: "the field before" },
  keepMetadata: { context: "dialog", keys: ["M-k"], help: "a picture keeps, or loses, what tells where it was taken" },
  toggle: { context: "dialog", keys: ["space"], help: "on or off; promote or demote a member" },

  formNext: { context: "signIn", keys: ["tab", "down"], help: "the next field" },
  formPrevious: { context: "signIn", keys: ["S-tab", "up"], help: "the field before" },
  formDone: { context: "signIn", keys: ["enter", "C-j"], help: "go on" },
  formOther: { context: "signIn", keys: ["C-p", "escape"], help: "another profile" },
} as const satisfies Record<string, Binding>;

export type Action = keyof typeof defaultBindings;

/** The actions whose keys are looked for in a context. */
export type ActionOf<Context extends KeyContext> = {
  [A in Action]: (typeof defaultBindings)[A]["context"] extends Context ? A : never;
}[Action];

/** The keys of each action. */
export type Bindings = Readonly<Record<Action, readonly string[]>>;

export const actions = keysOf(defaultBindings);

export function bindingsOf(own: Partial<Bindings> = {}): Bindings {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is made of all actions
  return Object.fromEntries(actions.map((action) => [action, own[action] ?? defaultBindings[action].keys])) as Bindings;
}

/** The action of a key in a context: the context's own, or else that of `everywhere`. */
export function actionOf(bindings: Bindings, context: KeyContext, key: string): Action | undefined {
  return actionIn(bindings, context, key) ?? actionIn(bindings, "everywhere", key);
}

/** The action of a key in this context alone. */
export function actionIn<Context extends KeyContext>(
  bindings: Bindings,
  context: Context,
  key: string,
): ActionOf<Context> | undefined {
  const isMeant = (action: Action): action is ActionOf<Context> =>
    defaultBindings[action].context === context && bindings[action].includes(key);
  return actions.find(isMeant);
}

const file = z.partialRecord(z.enum(actions), z.array(z.string().min(1)).max(8));

/** A user's file: actions with their keys. A key that would do two things in one context is refused. */
export function parseBindings(text: string): Parsed<Bindings> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return refused(`no JSON: ${messageOf(cause)}`);
  }
  const checked = file.safeParse(json);
  if (!checked.success) return refused(z.prettifyError(checked.error));
  const bindings = bindingsOf(checked.data);
  const taken = new Map<string, Action>();
  for (const action of actions) {
    for (const key of bindings[action]) {
      const press = `${defaultBindings[action].context} ${key}`;
      const other = taken.get(press);
      if (other) return refused(`${key} cannot be both ${other} and ${action}`);
      taken.set(press, action);
    }
  }
  return accepted(bindings);
}
