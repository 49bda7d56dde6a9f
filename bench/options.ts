import { z } from "zod";
import { type ListItems, parseCommaList } from "../core/platform/comma-list.ts";
import { decimalNumber, wholeNumber } from "../core/platform/decimal.ts";
import { accepted, type Parsed, refused } from "../core/platform/result.ts";

/** A benchmark's options by name, each a schema of its text on the command line, registered in {@link optionTexts}. */
export type BenchmarkOptions = Readonly<Record<string, z.ZodType<unknown, string | undefined>>>;

/** What the help says of an option. */
export interface OptionText {
  readonly help: string;
  readonly placeholder: string;
  /** The text that a user would write; undefined where the benchmark finds a value by itself. */
  readonly default: string | undefined;
  /** How the help shows the default, where not as that text. */
  readonly defaultShown?: string | undefined;
  /** All values, where there are only a few. */
  readonly choices?: readonly string[];
}

export const optionTexts = z.registry<OptionText>();

interface Numeric {
  readonly help: string;
  readonly placeholder?: string;
  readonly default: number;
}

/** Kinds of options. The issues of their schemas say what to write. */
export const option = {
  /** A whole number from 1. */
  whole: (of: Numeric) => numeric(readWhole, of),
  /** A number above 0. */
  positive: (of: Numeric) => numeric(readPositive, of),
  /** A number above 0; without it, the benchmark chooses one. */
  optionalPositive: ({ help }: { readonly help: string }) =>
    textOf(readPositive).optional().register(optionTexts, { help, placeholder: "n", default: undefined }),
  /** Items separated by commas. */
  list<Item>(of: {
    readonly help: string;
    readonly items: ListItems<Item>;
    readonly default: readonly Item[];
    readonly defaultShown?: string;
  }) {
    const { help, items, defaultShown } = of;
    const text = of.default.join(",");
    return textOf((written) => parseCommaList(written, items))
      .prefault(text)
      .register(optionTexts, { help, placeholder: "list", default: text, defaultShown: defaultShown ?? text });
  },
  choice<const Name extends string>(of: {
    readonly help: string;
    readonly values: readonly Name[];
    readonly default: NoInfer<Name>;
  }) {
    const { help, values: choices } = of;
    return z
      .enum(choices)
      .prefault(of.default)
      .register(optionTexts, { help, placeholder: "name", default: of.default, choices });
  },
};

function numeric(read: (text: string) => Parsed<number>, { help, placeholder = "n", default: value }: Numeric) {
  const text = String(value);
  return textOf(read).prefault(text).register(optionTexts, { help, placeholder, default: text, defaultShown: text });
}

function textOf<Value>(read: (text: string) => Parsed<Value>): z.ZodType<Value, string> {
  return z.string().transform((text, context) => {
    const parsed = read(text);
    if (parsed.ok) return parsed.value;
    context.addIssue({ code: "custom", message: parsed.reason });
    return z.NEVER;
  });
}

function readWhole(text: string): Parsed<number> {
  const value = wholeNumber(text);
  return value ? accepted(value) : refused("a whole number from 1 is needed.");
}

function readPositive(text: string): Parsed<number> {
  const value = decimalNumber(text);
  return value ? accepted(value) : refused("a number above 0 is needed.");
}
