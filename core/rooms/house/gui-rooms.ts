import { noBuiltins, type Room } from "../room.ts";

export const guiRooms: readonly Room[] = [
  {
    path: "gui",
    holds: "the terminal client, wired",
    imports: ["core/platform", "core/client", "gui"],
  },
  { path: "gui/keys", holds: "the table of key bindings", imports: ["core/platform"], builtins: noBuiltins },
  {
    path: "gui/text",
    holds: "how wide text is, where its lines break, and how a sentence begins and ends",
    imports: ["core/client"],
    builtins: noBuiltins,
  },
  {
    path: "gui/model",
    holds: "`update(state, event) → {state, effects}`: all behaviour, purely",
    imports: ["core/wire", "core/client", "gui/keys", "gui/text"],
    builtins: noBuiltins,
  },
  {
    path: "gui/layout",
    holds: "what a state looks like, purely",
    imports: ["core/wire", "core/client", "gui/keys", "gui/text", "gui/model"],
    builtins: noBuiltins,
  },
  {
    path: "gui/screens",
    holds: "draws the layout; the only import of blessed",
    imports: ["core/platform", "gui/keys", "gui/text", "gui/model", "gui/layout"],
    builtins: ["node:stream", "node:string_decoder"],
  },
  {
    path: "gui/terminal",
    holds: "the terminal itself: input, size, notifications, and leaving it as it was",
    imports: ["core/platform", "core/client"],
  },
  {
    path: "gui/preview",
    holds: "pictures as a terminal can show them",
    imports: ["core/platform", "core/media", "gui/model", "gui/layout", "gui/terminal"],
  },
  {
    path: "gui/effects",
    holds: "performs the effects with `core/client`, and emits what happens to the account as events",
    imports: ["core/platform", "core/wire", "core/client", "gui/text", "gui/model"],
  },
];
