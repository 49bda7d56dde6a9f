import { existsSync } from "node:fs";
import path from "node:path";
import {
  type FileContent,
  type OutgoingFile,
  type RowKey,
  type SendOutcome,
  safeFileName,
  type TransferOptions,
  type TransferRefusal,
} from "../../core/client/index.ts";
import type { Result } from "../../core/platform/result.ts";
import { equalBytes } from "../../core/wire/bytes.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import type { EffectOf } from "../model/effect.ts";
import type { TransferRow } from "../model/shown.ts";
import { ended } from "../text/sentence.ts";
import type { OpenAccount } from "./open-account.ts";
import { downloadsDirectory, isDirectory, typedPath } from "./paths.ts";
import { refusalSentence } from "./refusal-sentence.ts";

/** Progress is emitted at most once in this time. */
const progressPeriodMs = 100;

interface Transfer {
  row: TransferRow;
  /** While it runs. */
  stopping: AbortController | undefined;
  /** Starts or resumes it; resolves with a sentence for the user. */
  readonly run: (options: TransferOptions) => Promise<Result<string, TransferRefusal>>;
  /** Deletes what it has left behind. */
  readonly forget: () => Promise<void>;
}

/** Files on their way, up and down. Each runs until it is done or stopped; a stopped one can be resumed. */
export class Transfers {
  readonly #opened: OpenAccount;
  readonly #transfers = new Map<string, Transfer>();
  #ids = 0;

  constructor(opened: OpenAccount) {
    this.#opened = opened;
  }

  /** Lists the uploads that an earlier run of the program has not finished. */
  listUnfinished(): void {
    for (const begun of this.#opened.account.files.unfinished()) {
      const transfer = this.#add("up", begun.group, path.basename(begun.file), this.#sending(begun, begun));
      this.#emit(transfer, { stopped: "FastChat was closed before it was done." });
    }
  }

  send({ group, file, keepMetadata }: EffectOf<"sendFile">): Promise<void> {
    const wanted = { group, file: typedPath(file), keepMetadata };
    return this.#run(this.#add("up", group, path.basename(wanted.file), this.#sending(wanted)));
  }

  /** Saves to a path, or under the sender's name in the downloads directory; over an existing file only with `replace`. */
  async save({ group, key, to, replace }: EffectOf<"saveFile">): Promise<void> {
    const content = this.contentOf(key);
    if (!content) return;
    const target = targetOf(content, to);
    const { account, emit } = this.#opened;
    const exists = () => emit({ kind: "fileExists", group, key, file: target });
    const directory = path.dirname(target);
    if (!isDirectory(directory)) {
      return emit({ kind: "failed", of: "other", text: ended(`There is no directory ${directory}`) });
    }
    if (!replace && existsSync(target)) return exists();
    const run = async (options: TransferOptions): Promise<Result<string, TransferRefusal>> => {
      const saved = await account.files.save(content, target, { ...options, replace });
      if (saved.ok) return { ok: true, value: `Saved as ${target}.` };
      if (saved.reason.code !== "file_exists") return saved;
      // Somebody has made such a file since the check above.
      exists();
      return { ok: true, value: `${target} is there already.` };
    };
    await this.#run(this.#add("down", group, path.basename(target), { run, forget: async () => {}, of: content.size }));
  }

  /** Stops a transfer for good. */
  async cancel(id: string): Promise<void> {
    const transfer = this.#transfers.get(id);
    if (!transfer) return;
    this.#transfers.delete(id);
    transfer.stopping?.abort();
    await transfer.forget();
    this.#opened.emit({ kind: "transferDone", id, text: `${transfer.row.name} was cancelled.` });
  }

  async resume(id: string): Promise<void> {
    const transfer = this.#transfers.get(id);
    if (transfer && !transfer.stopping) await this.#run(transfer);
  }

  /** The file of a message; emits a failure when there is none. */
  contentOf(key: RowKey): FileContent | undefined {
    const content = this.#opened.account.vault.view.message(key)?.content;
    if (content?.kind === "file") return content;
    this.#opened.emit({ kind: "failed", of: "other", text: "There is no file in this message." });
    return undefined;
  }

  #sending(wanted: Pick<OutgoingFile, "group" | "file" | "keepMetadata">, begun?: OutgoingFile) {
    const { files } = this.#opened.account;
    const others = new Set(files.unfinished().map(({ attachment }) => textOf(attachment)));
    const isOurs = ({ attachment }: OutgoingFile) =>
      (begun && equalBytes(attachment, begun.attachment)) || !others.has(textOf(attachment));
    /** What the vault keeps of this upload, so that another run can resume it. */
    const kept = () =>
      files.unfinished().find((of) => of.group === wanted.group && of.file === wanted.file && isOurs(of));
    const run = async (options: TransferOptions): Promise<Result<string, TransferRefusal>> => {
      const before = kept();
      const { group, file, keepMetadata } = wanted;
      const sent: Result<SendOutcome, TransferRefusal> = before
        ? await files.resume(before, options)
        : await files.send(group, file, { ...options, keepMetadata });
      if (!sent.ok) return sent;
      // When the upload succeeded and the message failed, the user retries the message in the conversation.
      return { ok: true, value: `${path.basename(file)} was ${sent.value.ok ? "sent" : "uploaded, but not sent"}.` };
    };
    const forget = async () => {
      const left = kept();
      if (left) await files.giveUp(left);
    };
    return { run, forget, of: 0 };
  }

  #add(
    way: TransferRow["way"],
    group: GroupId,
    name: string,
    { of, ...how }: Pick<Transfer, "run" | "forget"> & { readonly of: number },
  ): Transfer {
    const row = {
      id: `${way}${++this.#ids}`,
      way,
      group,
      name: way === "down" ? safeFileName(name) : name,
      done: 0,
      of,
    };
    const transfer = { row, stopping: undefined, ...how };
    this.#transfers.set(row.id, transfer);
    return transfer;
  }

  async #run(transfer: Transfer): Promise<void> {
    const { clock, emit } = this.#opened;
    const { id } = transfer.row;
    const stopping = new AbortController();
    transfer.stopping = stopping;
    this.#emit(transfer, { stopped: undefined });
    let emittedAtMs = clock.monotonic();
    const onProgress = (done: number, of: number) => {
      const now = clock.monotonic();
      transfer.row = { ...transfer.row, done, of };
      if (now - emittedAtMs < progressPeriodMs && done < of) return;
      emittedAtMs = now;
      this.#emit(transfer, {});
    };
    const outcome = await transfer.run({ onProgress, signal: stopping.signal });
    transfer.stopping = undefined;
    // It was cancelled meanwhile, and cancel() has emitted that.
    if (!this.#transfers.has(id)) return outcome.ok ? undefined : transfer.forget();
    if (!outcome.ok) {
      const why = refusalSentence(outcome.reason);
      this.#emit(transfer, { stopped: why });
      return emit({ kind: "failed", of: "other", text: `${transfer.row.name}: ${why}` });
    }
    this.#transfers.delete(id);
    emit({ kind: "transferDone", id, text: outcome.value });
  }

  #emit(transfer: Transfer, change: Partial<TransferRow>): void {
    transfer.row = { ...transfer.row, ...change };
    if (this.#transfers.has(transfer.row.id)) this.#opened.emit({ kind: "transfer", transfer: transfer.row });
  }
}

function targetOf(content: FileContent, to: string | undefined): string {
  const wanted = to === undefined || to.trim() === "" ? downloadsDirectory() : typedPath(to);
  return to === undefined || isDirectory(wanted) ? path.join(wanted, safeFileName(content.name)) : wanted;
}

const textOf = (attachment: Uint8Array) => Buffer.from(attachment).toString("hex");
