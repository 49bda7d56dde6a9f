import { open } from "node:fs/promises";
import { messageOf } from "../../core/platform/failure.ts";
import type { EffectOf } from "../model/effect.ts";
import { sentence } from "../text/sentence.ts";
import type { Emit } from "./emit.ts";
import type { OpenAccount } from "./open-account.ts";
import { typedPath } from "./paths.ts";
import { refusalSentence } from "./refusal-sentence.ts";
import type { Pictures } from "./surroundings.ts";
import type { Transfers } from "./transfers.ts";

/** Larger pictures get no preview. */
const pictureBytesMax = 25 * 1024 * 1024;
/** How high a picture may be in a conversation. */
const messageRowsMax = 20;

const noPictures = "pictures cannot be shown here";

/** Draws a file that is about to be sent. */
export async function previewFile(
  emit: Emit,
  pictures: Pictures | undefined,
  { file, columns, rows }: EffectOf<"previewFile">,
): Promise<void> {
  const none = (why: string) => emit({ kind: "filePreview", file, lines: [], why });
  if (!pictures) return none(noPictures);
  try {
    const drawn = await pictures.draw(await readPicture(typedPath(file)), columns, rows);
    if (drawn.kind === "none") return none(drawn.why);
    emit({ kind: "filePreview", file, lines: drawn.lines, why: "" });
  } catch (cause) {
    none(messageOf(cause));
  }
}

/** Draws the picture of a message. */
export async function previewMessage(
  { account, emit }: OpenAccount,
  transfers: Transfers,
  pictures: Pictures | undefined,
  { key, columns }: EffectOf<"previewMessage">,
): Promise<void> {
  const none = (why: string) => emit({ kind: "preview", key, preview: { kind: "none", why } });
  if (!pictures) return none(noPictures);
  const content = transfers.contentOf(key);
  if (!content) return none("there is no file");
  if (content.size > pictureBytesMax) return none("it is too large");
  emit({ kind: "preview", key, preview: { kind: "loading" } });
  try {
    const read = await account.files.read(content);
    if (!read.ok) return none(refusalSentence(read.reason));
    emit({ kind: "preview", key, preview: await pictures.draw(read.value, columns, messageRowsMax) });
  } catch (cause) {
    none(sentence(messageOf(cause)));
  }
}

async function readPicture(file: string): Promise<Uint8Array> {
  const handle = await open(file, "r");
  try {
    const about = await handle.stat();
    if (!about.isFile()) throw new Error("it is no file");
    if (about.size > pictureBytesMax) throw new Error("it is too large");
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
