import { homedir } from "node:os";
import path from "node:path";
import { type ConfigOf, setting } from "../core/platform/config.ts";

/** Where a machine keeps what it knows of accounts, and which one is meant. */
export const accountSettings = {
  home: setting.text({
    default: path.join(homedir(), ".fastchat", "profiles"),
    placeholder: "directory",
    help: "where profiles and their vaults are kept",
  }),
  profile: setting.optionalText({
    placeholder: "name",
    help: "which profile; needed when there are several",
  }),
  passwordFile: setting.optionalText({
    placeholder: "file",
    help: "whose first line is the password; without one it is asked for",
  }),
} as const;

/** What a profile is made of. */
export const newAccountSettings = {
  ...accountSettings,
  server: setting.text({ default: "127.0.0.1:7400", placeholder: "address", help: "host:port, or https://host:port" }),
  user: setting.optionalText({ placeholder: "name", help: "the user's name" }),
  tlsPin: setting.optionalText({
    placeholder: "fingerprint",
    help: "SHA-256 fingerprint of the authority that signs the server's certificates, as fastchat serve --tls dev prints it",
  }),
} as const;

export type AccountConfig = ConfigOf<typeof accountSettings>;
export type NewAccountConfig = ConfigOf<typeof newAccountSettings>;
