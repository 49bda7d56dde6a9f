import path from "node:path";
import { type Expression, type ParseResult, parseSync, Visitor } from "oxc-parser";

/** Something that a file imports, or a clock that it reads. */
export interface Mention {
  readonly file: string;
  readonly line: number;
  /**
   * For a file of ours its path from the root; otherwise a module of Node (`node:fs`), a package, or the function that is
   * called.
   */
  readonly target: string;
  readonly isOurs: boolean;
  /** The exports that are named; empty where the import can reach all of them. */
  readonly names: readonly string[];
}

/** What one file takes from elsewhere. */
export interface Taken {
  readonly imports: readonly Mention[];
  /** Calls of timers, of the system's time and of its chance; `target` is what is called. */
  readonly clocks: readonly Mention[];
  /** The lines of imports whose target is only known when the program runs. */
  readonly computed: readonly number[];
}

interface Found {
  readonly specifier: string;
  readonly names: readonly string[];
  readonly at: number;
}

/**
 * What one file takes, by every way there is: imports of values and types, re-exports, `import()` as an expression and as a
 * type, `createRequire`, `import.meta.resolve`, and `new URL("./x.js", import.meta.url)`, by which threads and processes are
 * started.
 */
export function takenBy(file: string, text: string): Taken {
  const parsed = parseSync(file, text);
  const [fault] = parsed.errors;
  if (fault) throw new Error(`${file}: ${fault.message}`);
  const lineAt = lineFinder(text);
  const found = declared(parsed);
  const clocks: { readonly call: string; readonly at: number }[] = [];
  const computed: number[] = [];
  // Making a file's syntax tree takes longer than all else, and most files have nothing that only the tree shows.
  if (expressionsThatMatter.test(text)) {
    const seen = expressions(parsed);
    found.push(...seen.found);
    clocks.push(...seen.clocks);
    computed.push(...seen.computed.map(lineAt));
  }
  return {
    imports: found.map(({ specifier, names, at }) => ({
      file,
      line: lineAt(at),
      target: targetOf(file, specifier),
      isOurs: specifier.startsWith("."),
      names,
    })),
    clocks: clocks.map(({ call, at }) => ({ file, line: lineAt(at), target: call, isOurs: false, names: [] })),
    computed,
  };
}

const expressionsThatMatter =
  /createRequire|\bimport\s*\(|import\.meta\.(?:resolve|url)|\bset(?:Timeout|Interval|Immediate)\b|\bDate\b|\bperformance\b|hrtime|Math\.random/;

function declared({ module }: ParseResult): Found[] {
  const found: Found[] = module.staticImports.map(({ moduleRequest, entries, start }) => ({
    specifier: moduleRequest.value,
    names: entries.every(({ importName }) => importName.name)
      ? entries.map((entry) => entry.importName.name ?? "")
      : [],
    at: start,
  }));
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, importName, start } of entries) {
      if (!moduleRequest) continue;
      found.push({ specifier: moduleRequest.value, names: importName.name ? [importName.name] : [], at: start });
    }
  }
  return found;
}

/** What only the syntax tree of a file shows. */
function expressions({ program }: ParseResult) {
  const found: Found[] = [];
  const clocks: { readonly call: string; readonly at: number }[] = [];
  const computed: number[] = [];
  const requires = new Set<string>();
  const called: { readonly callee: string; readonly specifier: string | undefined; readonly at: number }[] = [];

  const note = (specifier: string | undefined, at: number) => {
    if (specifier === undefined) computed.push(at);
    else found.push({ specifier, names: [], at });
  };
  const call = (node: {
    readonly callee: Expression;
    readonly arguments: readonly unknown[];
    readonly start: number;
  }) => {
    const callee = nameOf(node.callee);
    const { start: at } = node;
    if (timeAndChance.test(callee)) clocks.push({ call: callee, at });
    for (const argument of node.arguments) {
      const handedOn = isExpression(argument) ? nameOf(argument) : "";
      if (timeAndChance.test(handedOn)) clocks.push({ call: handedOn, at });
    }
    const [first] = node.arguments;
    const specifier = isExpression(first) ? textOf(first) : undefined;
    if (callee === "import.meta.resolve") note(specifier, at);
    else called.push({ callee, specifier, at });
  };

  new Visitor({
    CallExpression: call,
    NewExpression: (node) => {
      const callee = nameOf(node.callee);
      const [first, second] = node.arguments;
      if (callee === "Date" && node.arguments.length === 0) clocks.push({ call: "new Date", at: node.start });
      if (callee === "URL" && isExpression(second) && nameOf(second) === "import.meta.url") {
        const specifier = isExpression(first) ? textOf(first) : undefined;
        // A URL of a folder is no import: the project's root is found by one.
        if (specifier === undefined || /\.(?:[cm]?[jt]s|json)$/.test(specifier)) note(specifier, node.start);
      }
      if (callee !== "Date") call(node);
    },
    ImportExpression: ({ source, start }) => note(textOf(source), start),
    TSImportType: ({ source, start }) => note(source.value, start),
    VariableDeclarator: ({ id, init }) => {
      const isRequire = init?.type === "CallExpression" && nameOf(init.callee) === "createRequire";
      if (id.type === "Identifier" && isRequire) requires.add(id.name);
    },
  }).visit(program);

  for (const { callee, specifier, at } of called) {
    const [name = "", member] = callee.split(".");
    const isRequire = callee.startsWith("createRequire()") || (requires.has(name) && (!member || member === "resolve"));
    if (isRequire) note(specifier, at);
  }
  return { found, clocks, computed };
}

const timeAndChance =
  /^(?:globalThis\.)?(?:set(?:Timeout|Interval|Immediate)|Date\.now|performance\.now|process\.hrtime(?:\.bigint)?|Math\.random)$/;

function isExpression(node: unknown): node is Expression {
  return typeof node === "object" && node !== null && "type" in node && node.type !== "SpreadElement";
}

/** `a.b.c` for a path of names, `f()` for a call of a named function, and an empty text for anything else. */
function nameOf(node: Expression): string {
  if (node.type === "Identifier") return node.name;
  if (node.type === "MetaProperty") return `${node.meta.name}.${node.property.name}`;
  if (node.type === "CallExpression") return node.callee.type === "Identifier" ? `${node.callee.name}()` : "";
  if (node.type === "MemberExpression" && node.property.type === "Identifier" && !node.computed) {
    const object = nameOf(node.object);
    return object && `${object}.${node.property.name}`;
  }
  return "";
}

function textOf(node: Expression): string | undefined {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type === "TemplateLiteral" && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
}

function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith(".")) {
    // A thread is started from a compiled file; the table is about its source.
    const joined = path.posix.join(path.posix.dirname(file), specifier);
    return joined.replace(/\.js$/, ".ts");
  }
  if (specifier.startsWith("node:")) return specifier;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function lineFinder(text: string): (at: number) => number {
  return (at) => {
    let line = 1;
    for (let from = text.indexOf("\n"); from !== -1 && from < at; from = text.indexOf("\n", from + 1)) line++;
    return line;
  };
}
