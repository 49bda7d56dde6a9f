import { z } from "zod";
import { decimalNumber, wholeNumber } from "./decimal.ts";
import { itemAt } from "./item-at.ts";
import { accepted, type Parsed, type Result, refused } from "./result.ts";
import { shortened } from "./schema-complaint.ts";

/**
 * One setting of a program. `readConfig` makes one typed object of a program's settings, from flags, environment, a JSON file
 * and defaults, in that order of precedence.
 *
 * A setting `connectionsMax` is the flag `--connections-max`, the variable `FASTCHAT_CONNECTIONS_MAX` and the key
 * `connectionsMax`. A setting that is unknown or out of range stops the program with a sentence that says what to write.
 */
export interface Setting<T> {
  readonly help: string;
  /** How `--help` names the value; a switch has none. */
  readonly placeholder?: string;
  readonly default: T;
  /** Takes the text of a flag or variable, or the value of a file's key; its complaints are what to write instead. */
  readonly schema: z.ZodType<T>;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type ConfigOf<S extends Settings> = { readonly [Name in keyof S]: S[Name] extends Setting<infer T> ? T : never };

interface NumberRange {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** What is counted: `ms`, `bytes`, `per second`. */
  readonly unit?: string;
  readonly help: string;
}

function numeric(range: NumberRange, whole: boolean): Setting<number> {
  const unit = range.unit ? ` (${range.unit})` : "";
  const form = `${whole ? "a whole number" : "a number"} from ${range.min} to ${range.max}${unit}`;
  const number = z.number(form).min(range.min, form).max(range.max, form);
  return {
    help: `${range.help}${unit}`,
    placeholder: "n",
    default: range.default,
    schema: z.preprocess(
      (value) => (typeof value === "string" ? (whole ? wholeNumber : decimalNumber)(value) : value),
      whole ? number.int(form) : number,
    ),
  };
}

export const setting = {
  integer: (range: NumberRange): Setting<number> => numeric(range, true),
  number: (range: NumberRange): Setting<number> => numeric(range, false),

  choice<const T extends string>(of: {
    readonly default: T;
    readonly values: readonly T[];
    readonly help: string;
  }): Setting<T> {
    const names = of.values.join(", ");
    return {
      help: `${of.help} (${names})`,
      placeholder: "name",
      default: of.default,
      schema: z.literal(of.values, `one of ${names}`),
    };
  },

  text(of: { readonly default: string; readonly placeholder: string; readonly help: string }): Setting<string> {
    return { ...of, schema: z.string("a text") };
  },

  /** A text that may be left out; then it is `undefined`. */
  optionalText(of: { readonly placeholder: string; readonly help: string }): Setting<string | undefined> {
    const form = "a text that is not empty";
    return { ...of, default: undefined, schema: z.string(form).min(1, form) };
  },

  switch(of: { readonly help: string }): Setting<boolean> {
    const text = z.stringbool({ truthy: ["true", "1"], falsy: ["false", "0"], case: "sensitive" });
    return { help: of.help, default: false, schema: z.union([z.boolean(), text], "true or false") };
  },
};

/** One setting's value; refused with what to write instead. */
export function readSetting<T>({ schema }: Setting<T>, value: unknown): Parsed<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return accepted(parsed.data);
  // All of a setting's complaints are one sentence: the form that it has.
  return refused(itemAt(parsed.error.issues, 0).message);
}

export interface ConfigSources {
  /** By setting name; flags that the command line did not give are left out. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The parsed JSON of a settings file. */
  readonly file?: unknown;
}

const environmentPrefix = "FASTCHAT_";

export const flagName = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
export const variableName = (name: string) =>
  environmentPrefix + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/**
 * The settings of one program, or every complaint about them at once.
 *
 * `otherPrograms` are the settings of programs that share the environment: this one ignores their variables.
 */
export function readConfig<S extends Settings>(
  settings: S,
  sources: ConfigSources,
  otherPrograms: readonly Settings[] = [],
): Result<ConfigOf<S>, readonly string[]> {
  const complaints: string[] = [];
  const { file = {} } = sources;
  if (!isJsonObject(file)) return refused(["the settings file must hold one JSON object"]);
  for (const key of Object.keys(file)) {
    if (!Object.hasOwn(settings, key))
      complaints.push(`the settings file has an unknown key "${key}"${suggestion(key, Object.keys(settings))}`);
  }
  const variables = [settings, ...otherPrograms].flatMap((of) => Object.keys(of).map(variableName));
  for (const variable of Object.keys(sources.environment)) {
    if (variable.startsWith(environmentPrefix) && !variables.includes(variable))
      complaints.push(`${variable} is no setting${suggestion(variable, variables)}`);
  }

  const config: Record<string, unknown> = {};
  for (const [name, of] of Object.entries(settings)) {
    const candidates: readonly (readonly [unknown, string])[] = [
      [sources.flags[name], flagName(name)],
      [sources.environment[variableName(name)], variableName(name)],
      [file[name], `"${name}" in the settings file`],
    ];
    const given = candidates.find(([value]) => value !== undefined);
    if (!given) {
      config[name] = of.default;
      continue;
    }
    const [value, origin] = given;
    const read = readSetting(of, value);
    if (read.ok) config[name] = read.value;
    else complaints.push(`${origin} is ${shown(value)}; write ${read.reason}`);
  }
  if (complaints.length > 0) return refused(complaints);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each name of S has the value that its own schema has given, or its default
  return accepted(config as ConfigOf<S>);
}

/** Not by a schema: zod leaves a key `__proto__` out without a word, and it is as unknown as any other. */
function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A refused value in few words: no setting is a list or an object, and a file may have one of any size and depth. */
function shown(value: unknown): string {
  if (typeof value !== "object" || value === null) return shortened(JSON.stringify(value) ?? "nothing");
  return Array.isArray(value) ? "a list" : "an object";
}

function suggestion(wrong: string, known: readonly string[]): string {
  const nearest = known
    .map((name) => ({ name, distance: editDistance(wrong.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return nearest && nearest.distance <= Math.max(2, wrong.length / 3) ? `; did you mean ${nearest.name}?` : "";
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = distanceAt(previous, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, distanceAt(previous, column) + 1, distanceAt(current, column - 1) + 1));
    }
    previous = current;
  }
  return distanceAt(previous, b.length);
}

/** Beyond the edge of the table every text is infinitely far away. */
const distanceAt = (row: readonly number[], column: number) => row[column] ?? Number.POSITIVE_INFINITY;
