import { coldClientFrames } from "../client-frame.ts";
import { errorCodeNames } from "../errors.ts";
import { namedTypes } from "../fields.ts";
import type { ColdTable } from "../frame.ts";
import { coldLinkFrames } from "../link-frame.ts";
import { coldServerFrames } from "../server-frame.ts";
import { byCode, kindByte, type Notation, type WrittenField, writtenFields } from "./written-fields.ts";

/** CDDL's notation (RFC 8610). A text's bound is in UTF-16 code units, each of which has at most 3 bytes of UTF-8. */
const cddl: Notation = {
  bool: "bool",
  float: "number",
  code: "code",
  named: (name) => name,
  text: (lengthMax) => (lengthMax === undefined ? "tstr" : `tstr .size (0..${3 * lengthMax})`),
  bytes(bounds) {
    if (!bounds) return "bstr";
    const [from, to] = bounds;
    return from === to ? `bstr .size ${to}` : `bstr .size (${from}..${to})`;
  },
  literal: (value) => `"${value}"`,
  orNull: (type) => `(${type}) / null`,
  array: (element, lengthMax) => `[0*${lengthMax ?? ""} (${element})]`,
  tuple: (elements) => `[${elements.join(", ")}]`,
  map: (fields) => `{ ${listed(fields)} }`,
};

const listed = (fields: readonly WrittenField[]) =>
  fields.map(({ name, type, optional }) => `${optional ? "? " : ""}${name}: ${type}`).join(", ");

function rules(direction: string, frames: ColdTable): string {
  return byCode(frames)
    .map(([name, { code, body }]) => {
      return `; ${kindByte(code)}\n${direction}-${name} = ${cddl.map(writtenFields(body, cddl))}\n`;
    })
    .join("");
}

/** The content of frames.cddl: the bodies of all cold frames. */
export function framesCddl(): string {
  const types = Object.entries(namedTypes).map(([name, [from, to]]) => `${name} = ${from}..${to}\n`);
  return `; The bodies of cold frames, behind the two bytes of version and kind. Written by \`npm run protocol\`.
; PROTOCOL.md says what CDDL cannot: the bound of a text is in UTF-16 code units, a third of its bound in bytes here.

${types.join("")}code = ${errorCodeNames.map((code) => `"${code}"`).join(" / ")}

${rules("client", coldClientFrames)}
${rules("server", coldServerFrames)}
${rules("link", coldLinkFrames)}`;
}
