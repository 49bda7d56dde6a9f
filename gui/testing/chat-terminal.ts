import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { type LocalAccountParts, openLeanSocket, Profiles, signUpHere } from "../../core/client/index.ts";
import { createIdentity, type IdentityKeyPairs } from "../../core/e2ee/identity.ts";
import * as opaque from "../../core/e2ee/opaque-client.ts";
import { inlineRsa } from "../../core/e2ee/rsa-inline.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { projectRoot } from "../../core/platform/project-root.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { canonicalUserName } from "../../core/wire/user-name.ts";
import { TmuxTerminal } from "./tmux.ts";

const program = path.join(projectRoot, "dist", "bin", "fastchat.js");

const terminals: TmuxTerminal[] = [];
const directories: string[] = [];
after(async () => {
  await Promise.all(terminals.map((terminal) => terminal.close()));
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
});

export interface ChatTerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** The value of TERM. */
  readonly term?: string;
  /** Words before the program, such as `env`. */
  readonly wrappedIn?: readonly string[];
}

/** `fastchat chat` with these arguments in a terminal of 100×30, in colour; both end with the test file. */
export async function openChat(args: readonly string[], of: ChatTerminalOptions = {}): Promise<TmuxTerminal> {
  const { columns = 100, rows = 30, environment = {}, term = "xterm-256color", wrappedIn = [] } = of;
  const colours = environment.NO_COLOR === undefined ? ["-u", "NO_COLOR"] : [];
  const command = ["env", ...colours, `TERM=${term}`, ...wrappedIn, process.execPath, program, "chat", ...args];
  const terminal = await TmuxTerminal.open(command, { columns, rows, environment });
  terminals.push(terminal);
  return terminal;
}

/** Profiles on one machine, made without a terminal; they share these keys. */
export class ChatHome {
  readonly directory = mkdtempSync(path.join(tmpdir(), "chat-home-"));
  readonly profiles = path.join(this.directory, "profiles");

  readonly #keys: IdentityKeyPairs;

  constructor(keys: IdentityKeyPairs) {
    this.#keys = keys;
    directories.push(this.directory);
  }

  passwordFile(name: string): string {
    return path.join(this.directory, `${name}'s password`);
  }

  /** Signs somebody up; returns the arguments that open their chat without a question. */
  async signUp(server: string, name: string): Promise<string[]> {
    const canonical = canonicalUserName(name);
    if (!canonical.ok) throw new Error(canonical.reason);
    const identity = createIdentity(canonical.value, this.#keys);
    const parts: LocalAccountParts = {
      profiles: new Profiles(this.profiles),
      crypto: { ...opaque, ...inlineRsa, generateKeys: async () => this.#keys },
      open: openLeanSocket,
      clock: systemClock,
      random: seededRandom(1),
      effort: "simulated",
    };
    const password = `password of ${name}`;
    const address = { profile: name, server, user: name, trust: {} };
    const account = await signUpHere(address, password, parts, {}, identity);
    await account.close();
    writeFileSync(this.passwordFile(name), `${password}\n`);
    return ["--home", this.profiles, "--profile", name, "--password-file", this.passwordFile(name)];
  }
}
