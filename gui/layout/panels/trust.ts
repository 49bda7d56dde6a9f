import { harmlessLine } from "../../../core/client/index.ts";
import type { TrustDialog } from "../../model/dialog.ts";
import type { SafetyNumber } from "../../model/shown.ts";
import type { ChatState, Size } from "../../model/state.ts";
import { columnsOf } from "../../text/width.ts";
import { filled, type Line, type Style, span } from "../line.ts";
import { wrapSpans } from "../marked-text.ts";
import { type Panel, rowsOf } from "../panel.ts";
import { nameOf } from "../people.ts";

/** The width of a line of four blocks of digits, and the columns between two numbers side by side. */
const digitColumns = 26;
const between = 4;

/** The safety number with somebody, to be compared, and what to do when it has changed. */
export function trustPanel({ scene }: ChatState, { user, number, show }: TrustDialog, room: Size): Panel {
  const name = nameOf(scene, undefined, user);
  if (!number)
    return {
      title: `Safety number with ${name}`,
      hint: "Esc closes",
      columns: 40,
      body: rowsOf([[span("computed…", "dim")]]),
    };
  const isSelf = user === scene.self.user;
  const isQr = show === "qr" && number.qr.length > 0;
  const qr = number.qr.map((line): Line => [span(harmlessLine(line), "qr")]);
  const qrColumns = number.qr.reduce((most, line) => Math.max(most, columnsOf(line)), 0);
  const wished = number.changedDigits ? 2 * digitColumns + between : 50;
  const columns = Math.min(room.columns, Math.max(wished, isQr ? qrColumns : 0));
  const hasRoom = qr.length <= room.rows - 4 && qrColumns <= columns;
  const body = isQr
    ? hasRoom
      ? centred(qr, columns, qrColumns)
      : wrapSpans([span("The terminal is too small for the QR code.", "problem")], columns)
    : digitLines(number, columns);
  const said =
    isQr && hasRoom
      ? []
      : [
          [],
          ...wrapSpans(
            [
              span(
                explanation(number, harmlessLine(number.name), isSelf),
                number.trusted === "changed" ? "changed" : "text",
              ),
            ],
            columns,
          ),
        ];
  return {
    title: isSelf ? "Your own identity" : `Safety number with ${name}`,
    hint: hintOf(number, isSelf, isQr),
    columns,
    body: rowsOf([...stateLine(number, isSelf), ...body, ...said]),
    isProblem: number.trusted === "changed",
    top: 0,
  };
}

function stateLine({ trusted }: SafetyNumber, isSelf: boolean): Line[] {
  if (isSelf) return [];
  const states = {
    pinned: ["not compared yet", "dim"],
    verified: ["✓ compared, and the same", "verified"],
    changed: ["! another identity is shown under this name", "changed"],
  } as const;
  const [text, style] = states[trusted];
  return [[span(text, style)], []];
}

/** The safety number; beside it, or below, the one of the new identity. */
function digitLines({ digits, changedDigits }: SafetyNumber, columns: number): Line[] {
  const known = blocks(digits, "strong");
  if (!changedDigits) return centred(known, columns, digitColumns);
  const changed = blocks(changedDigits, "changed");
  const before: Line = [span("as you know it", "dim")];
  const now: Line = [span("as it is shown now", "dim")];
  if (columns < 2 * digitColumns + between) return [before, ...known, now, ...changed];
  const beside = (left: Line, right: Line): Line => [...filled(left, digitColumns + between), ...right];
  return [beside(before, now), ...known.map((line, at) => beside(line, changed[at] ?? []))];
}

function blocks(digits: readonly string[], style: Style): Line[] {
  const lines: Line[] = [];
  for (let at = 0; at < digits.length; at += 4) {
    lines.push([
      span(
        digits
          .slice(at, at + 4)
          .map(harmlessLine)
          .join("  "),
        style,
      ),
    ]);
  }
  return lines;
}

const centred = (lines: readonly Line[], columns: number, width: number): Line[] =>
  lines.map((line) => [span(" ".repeat(Math.max(0, (columns - width) >> 1))), ...line]);

function explanation({ trusted }: SafetyNumber, name: string, isSelf: boolean): string {
  if (isSelf) return "Others compare their number with yours: open the safety number with them.";
  switch (trusted) {
    case "pinned":
      return `Read it to ${name}, face to face or on the telephone. If ${name} sees the same sixty digits, nobody reads in between.`;
    case "verified":
      return `You have compared it: what ${name} writes is theirs, and only your groups read it.`;
    case "changed":
      return `Either ${name} has made new keys, or somebody poses as them. Ask ${name}, but not here.`;
    default:
      return trusted satisfies never;
  }
}

function hintOf({ trusted }: SafetyNumber, isSelf: boolean, isQr: boolean): string {
  const other = isQr ? "Tab digits" : "Tab QR code";
  if (isSelf || trusted === "verified") return `${other} · Esc closes`;
  return trusted === "changed" ? `${other} · Enter accepts · Esc does not` : `${other} · Enter: they are the same`;
}
