// A stand-in for `node:test`, in which tests are collected instead of run, so that one process can run any of them again and again.

/** What a test is given: the parts of node:test's own context that tests here use. */
export interface CollectedContext {
  readonly name: string;
  after(action: () => unknown): void;
  diagnostic(message: string): void;
  skip(reason?: string): void;
  readonly mock: object;
}

type Action = (context: CollectedContext) => unknown;

/** Tests that belong together, and what is done around them. */
export interface CollectedSuite {
  readonly name: string;
  readonly parent: CollectedSuite | undefined;
  readonly before: Action[];
  readonly after: Action[];
  readonly beforeEach: Action[];
  readonly afterEach: Action[];
}

export interface CollectedTest {
  readonly file: string;
  readonly name: string;
  readonly suite: CollectedSuite;
  readonly run: Action;
}

export const collected: CollectedTest[] = [];

const newSuite = (name: string, parent?: CollectedSuite): CollectedSuite => ({
  name,
  parent,
  before: [],
  after: [],
  beforeEach: [],
  afterEach: [],
});

let file = "";
let current = newSuite("");

/** Collects the tests of a file, which is loaded by `load`. */
export async function collect(name: string, load: () => Promise<unknown>): Promise<void> {
  file = name;
  current = newSuite("");
  await load();
}

interface Options {
  readonly skip?: boolean | string;
}

/** The arguments of `test` and `suite`: any of them may be left out. The compiler has checked them against node:test's own types. */
function read(args: readonly unknown[]): { name: string; options: Options; action: Action | undefined } {
  return {
    name: args.find((arg) => typeof arg === "string") ?? "",
    options: args.find((arg): arg is Options => typeof arg === "object" && arg !== null) ?? {},
    action: args.find((arg): arg is Action => typeof arg === "function"),
  };
}

const unused: CollectedContext = { name: "", after() {}, diagnostic() {}, skip() {}, mock: {} };

export function test(...args: readonly unknown[]): void {
  const { name, options, action } = read(args);
  if (options.skip || !action) return;
  collected.push({ file, name: [...namesOf(current), name].join(" > "), suite: current, run: action });
}

export function suite(...args: readonly unknown[]): void {
  const { name, options, action } = read(args);
  if (options.skip || !action) return;
  const outer = current;
  current = newSuite(name, outer);
  action(unused);
  current = outer;
}

function namesOf({ name, parent }: CollectedSuite): string[] {
  return parent ? [...namesOf(parent), name] : [];
}

export const before = (action: Action) => void current.before.push(action);
export const after = (action: Action) => void current.after.push(action);
export const beforeEach = (action: Action) => void current.beforeEach.push(action);
export const afterEach = (action: Action) => void current.afterEach.push(action);

export { suite as describe, test as it };
