import { errorCodeNames } from "../wire/errors.ts";

/** Values that a documented type allows, up to its bounds, and values that it does not. */
export interface Samples {
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
}

/**
 * Samples of a map with the fields of a table of PROTOCOL.md, as `request, name: text(128), epoch?`: each bound of each field,
 * each optional field left out; and each bound crossed, each required field left out, a field too many.
 */
export function samplesOfFields(text: string): Samples {
  const fields = splitAtCommas(text).map(parseField);
  const samples = fields.map(({ name, type, optional }) => ({ name, optional, ...samplesOf(type) }));
  const base = Object.fromEntries(samples.map(({ name, good }) => [name, good[0]]));
  const without = (name: string) => Object.fromEntries(Object.entries(base).filter(([key]) => key !== name));
  return {
    good: [
      base,
      ...samples.flatMap(({ name, good }) => good.map((value) => ({ ...base, [name]: value }))),
      ...samples.filter(({ optional }) => optional).map(({ name }) => without(name)),
    ],
    bad: [
      { ...base, surplus: 1 },
      ...samples.flatMap(({ name, bad }) => bad.map((value) => ({ ...base, [name]: value }))),
      ...samples.filter(({ optional }) => !optional).map(({ name }) => without(name)),
    ],
  };
}

/** Names of the fields that a table lists. */
export function namesOfFields(text: string): string[] {
  return splitAtCommas(text).map((field) => parseField(field).name);
}

function parseField(field: string): { name: string; type: string; optional: boolean } {
  const parts = /^(\w+)(\??)(?:: (.+))?$/.exec(field);
  if (!parts) throw new Error(`no field: ${field}`);
  const [, name = "", mark, type = name] = parts;
  return { name, type, optional: mark === "?" };
}

const max = Number.MAX_SAFE_INTEGER;
const whole = (from: number, to: number): Samples => ({
  good: [from, to],
  bad: [from - 1, to + 1, from + 0.5, "1", null],
});
const bytesOf = (...lengths: number[]) => lengths.map((length) => new Uint8Array(length));

const types: Readonly<Record<string, Samples>> = {
  id: whole(1, max),
  seq: whole(0, max),
  time: whole(0, max),
  ms: whole(0, max),
  epoch: whole(1, 2 ** 31 - 1),
  count: whole(0, 2 ** 31 - 1),
  request: whole(0, 2 ** 32 - 1),
  float: { good: [0, 0.5], bad: [-0.5, "0", null] },
  bool: { good: [true, false], bad: [0, null] },
  text: { good: ["", "x".repeat(1000)], bad: [1, new Uint8Array(1), null] },
  code: { good: errorCodeNames, bad: ["no_such_code", 1, null] },
  bytes: { good: bytesOf(0, 1000), bad: ["", null] },
  id64: { good: bytesOf(8), bad: [...bytesOf(7, 9), 1, null] },
  hash: { good: bytesOf(32), bad: [...bytesOf(31, 33), null] },
};

function samplesOf(type: string): Samples {
  if (type.endsWith(" or null")) {
    const { good, bad } = samplesOf(type.slice(0, -" or null".length));
    return { good: [...good, null], bad: bad.filter((value) => value !== null) };
  }
  const [, from, to = from] = /^bytes\((?:=|(\d+)–)(\d+)\)$/.exec(type) ?? [];
  if (to !== undefined) return samplesOfBytes(Number(from ?? to), Number(to));
  const bounded = /^(.+)\((\d+)\)$/.exec(type);
  if (bounded) return samplesOfBounded(bounded[1] as string, Number(bounded[2]));
  if (type.startsWith('"')) return { good: [type.slice(1, -1)], bad: ["", `${type} `, null] };
  if (type.startsWith("{")) return samplesOfFields(type.slice(1, -1));
  if (type.startsWith("[")) return samplesOfArray(splitAtCommas(type.slice(1, -1)).map(samplesOf));
  const samples = types[type];
  if (!samples) throw new Error(`no type of the document: ${type}`);
  return samples;
}

function samplesOfBounded(type: string, bound: number): Samples {
  switch (type) {
    case "text":
      return { good: ["", "x".repeat(bound)], bad: ["x".repeat(bound + 1), 1, null] };
    case "bytes":
      return samplesOfBytes(0, bound);
    default: {
      const { good, bad } = samplesOf(type);
      const [element] = good.find((value) => Array.isArray(value) && value.length > 0) as unknown[];
      const times = (count: number) => Array.from({ length: count }, () => element);
      return { good: [...good, times(bound)], bad: [...bad, times(bound + 1)] };
    }
  }
}

function samplesOfBytes(from: number, to: number): Samples {
  const bad = bytesOf(...(from > 0 ? [0, from - 1] : []), to + 1);
  return { good: bytesOf(from, to), bad: [...bad, "", null] };
}

/** Of one type: an array of any length. Of several: exactly these. */
function samplesOfArray(elements: readonly Samples[]): Samples {
  const [only] = elements;
  if (elements.length === 1 && only) {
    return { good: [[], ...only.good.map((value) => [value])], bad: [...only.bad.map((value) => [value]), null] };
  }
  const base = elements.map(({ good }) => good[0]);
  const varied = elements.flatMap(({ good }, i) => good.map((value) => base.with(i, value)));
  const wrong = elements.flatMap(({ bad }, i) => bad.map((value) => base.with(i, value)));
  return { good: varied, bad: [...wrong, base.slice(1), [...base, base[0]]] };
}

/** At the commas that are in no brackets. */
function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if ("[{(".includes(character)) depth++;
    if ("]})".includes(character)) depth--;
    if (character === "," && depth === 0) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return [...parts, text.slice(from).trim()];
}
