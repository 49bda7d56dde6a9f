import { withSection } from "../../platform/written-section.ts";
import { coldClientFrames, type FrameSender } from "../client-frame.ts";
import type { ColdKind, ColdTable } from "../frame.ts";
import { coldLinkFrames } from "../link-frame.ts";
import { coldServerFrames } from "../server-frame.ts";
import { byCode, kindByte, type Notation, type WrittenField, writtenFields } from "./written-fields.ts";

/** The notation of PROTOCOL.md's tables. */
const markdown: Notation = {
  bool: "bool",
  float: "float",
  code: "code",
  named: (name) => name,
  text: (lengthMax) => bounded("text", lengthMax),
  bytes(bounds) {
    if (!bounds) return "bytes";
    const [from, to] = bounds;
    if (from === to) return `bytes(=${to})`;
    return from === 0 ? `bytes(${to})` : `bytes(${from}–${to})`;
  },
  literal: (value) => `"${value}"`,
  orNull: (type) => `${type} or null`,
  array: (element, lengthMax) => bounded(`[${element}]`, lengthMax),
  tuple: (elements) => `[${elements.join(", ")}]`,
  map: (fields) => `{${listed(fields)}}`,
};

const bounded = (type: string, bound: number | undefined) => (bound === undefined ? type : `${type}(${bound})`);

/** A field that has its type's name is written without the type. */
function listed(fields: readonly WrittenField[]): string {
  return fields
    .map(({ name, type, optional }) => `${name}${optional ? "?" : ""}${name === type ? "" : `: ${type}`}`)
    .join(", ");
}

const senders: Readonly<Record<FrameSender, string>> = {
  stranger: "before the login",
  user: "after the login",
  anyone: "always",
};

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;

function clientTable(): string {
  const rows = byCode<ColdKind & { readonly from: FrameSender; readonly reply?: string }>(coldClientFrames).map(
    ([name, { code, body, from, reply }]) =>
      row([kindByte(code), `\`${name}\``, fieldsOf(body), senders[from], reply ? `\`${reply}\`` : "none"]),
  );
  return `| kind | frame | fields | who may send it | reply |\n|---|---|---|---|---|\n${rows.join("")}`;
}

function table(frames: ColdTable): string {
  const rows = byCode(frames).map(([name, { code, body }]) => row([kindByte(code), `\`${name}\``, fieldsOf(body)]));
  return `| kind | frame | fields |\n|---|---|---|\n${rows.join("")}`;
}

const fieldsOf = (body: ColdKind["body"]) => listed(writtenFields(body, markdown));

const sections: Readonly<Record<string, () => string>> = {
  "frames of clients": clientTable,
  "frames of servers": () => table(coldServerFrames),
  "frames between servers": () => table(coldLinkFrames),
};

/** The text of PROTOCOL.md with the tables of frames that the code has now. */
export function withFrameTables(text: string): string {
  return Object.entries(sections).reduce((written, [name, section]) => {
    const marks = { begin: `<!-- ${name}: written by \`npm run protocol\` -->`, end: `<!-- end of ${name} -->` };
    return withSection("PROTOCOL.md", written, marks, section());
  }, text);
}
