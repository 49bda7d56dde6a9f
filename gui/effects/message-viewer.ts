import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type RowKey, safeFileName } from "../../core/client/index.ts";
import type { OpenAccount } from "./open-account.ts";
import { refusalSentence } from "./refusal-sentence.ts";
import type { Viewer } from "./surroundings.ts";
import { isShown } from "./system-viewer.ts";

/** A web address; no other scheme is handed to the system. */
const address = /\bhttps?:\/\/[^\s<>"'`\p{Cc}\p{Cf}]+[^\s<>"'`\p{Cc}\p{Cf}.,;:!?)\]}]/u;

/** Shows files and addresses of messages with the system's viewer. The files that it saves for that are deleted at the end. */
export class MessageViewer {
  readonly #opened: OpenAccount;
  readonly #viewer: Viewer;
  readonly #directories: string[] = [];

  constructor(opened: OpenAccount, viewer: Viewer) {
    this.#opened = opened;
    this.#viewer = viewer;
  }

  async view(key: RowKey): Promise<void> {
    const { account, emit } = this.#opened;
    const content = account.vault.view.message(key)?.content;
    if (content?.kind === "text") {
      const [url] = address.exec(content.text) ?? [];
      if (url === undefined) return emit({ kind: "failed", of: "other", text: "There is nothing in it to open." });
      return this.#viewer.open(url);
    }
    if (!content) return emit({ kind: "failed", of: "other", text: "There is nothing in it to open." });
    const name = safeFileName(content.name);
    if (!isShown(name)) {
      const text = `${name} may be a program: save it, and open it by hand if you trust it.`;
      return emit({ kind: "failed", of: "other", text });
    }
    // Only this user may enter a directory that mkdtemp makes.
    const directory = mkdtempSync(path.join(tmpdir(), "fastchat-open-"));
    this.#directories.push(directory);
    const file = path.join(directory, name);
    const saved = await account.files.save(content, file);
    if (!saved.ok) return emit({ kind: "failed", of: "other", text: `${name}: ${refusalSentence(saved.reason)}` });
    await this.#viewer.open(file);
  }

  close(): void {
    for (const directory of this.#directories) rmSync(directory, { recursive: true, force: true });
  }
}
