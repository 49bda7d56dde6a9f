import { type ConfigOf, setting } from "../core/platform/config.ts";
import { countedPortMax } from "../core/platform/free-port.ts";
import { newAccountSettings } from "./account-settings.ts";

/** The settings of `fastchat chat`. */
export const chatSettings = {
  ...newAccountSettings,
  server: setting.optionalText({
    placeholder: "address",
    help: "host:port, or https://host:port; without one the profile's, or this machine's own",
  }),
  localPort: setting.integer({
    default: 7400,
    min: 1,
    max: countedPortMax,
    help: "port of this machine's own server, which chats start when they need it",
  }),
  localSeconds: setting.integer({
    default: 30,
    min: 8,
    max: 86_400,
    unit: "seconds",
    help: "how long that server stays when nobody uses it",
  }),
  keys: setting.optionalText({ placeholder: "file", help: "other keys, as JSON: actions with lists of keys" }),
} as const;

export type ChatConfig = ConfigOf<typeof chatSettings>;
