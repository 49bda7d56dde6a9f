import { type Mention, type Taken, takenBy } from "./imports.ts";
import type { House, Room } from "./room.ts";
import type { Sources } from "./sources.ts";

/** Something that a file takes against the table. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  readonly why: string;
}

/** Whether a file is a test, a fuzz target, or what both are made of: these may import everything. */
export function isOfTests(house: House, file: string): boolean {
  return /\.(?:test|fuzz)\.ts$/.test(file) || isForTests(house, file);
}

function isForTests({ rooms }: House, file: string): boolean {
  return /(?:^|\/)testing\//.test(file) || rooms.some(({ path, forTests }) => forTests && isBelow(file, [path]));
}

export type ImportGraph = ReadonlyMap<string, Taken>;

export function importGraph(sources: Sources): ImportGraph {
  return new Map([...sources].map(([file, text]) => [file, takenBy(file, text)]));
}

/** Everything that the sources take against the table. */
export function violations(house: House, graph: ImportGraph): Violation[] {
  const complaints = [...graph].flatMap(([file, taken]) => (isOfTests(house, file) ? [] : ofFile(house, file, taken)));
  return [...complaints, ...ofCircles(graph)];
}

export function sentence({ file, line, what, why }: Violation): string {
  return `${file}:${line}: ${what}: ${why}`;
}

function ofFile(house: House, file: string, { imports, clocks, computed }: Taken): Violation[] {
  const room = roomOf(house, file);
  if (!room) return [{ file, line: 1, what: "is in no room", why: "core/rooms/house.ts has no line for its folder" }];
  const complaints: Violation[] = [];
  const complain = ({ line }: Pick<Mention, "line">, what: string, why: string) =>
    complaints.push({ file, line, what, why });
  for (const mention of imports) {
    const why = whyNot(house, room, mention);
    if (why) complain(mention, `imports ${mention.target}`, why);
    if (takesTime(mention) && !isBelow(file, house.clockReaders))
      complain(mention, `imports ${clockName(mention)}`, clockAdvice);
  }
  for (const mention of clocks) {
    if (!isBelow(file, house.clockReaders)) complain(mention, `calls ${mention.target}`, clockAdvice);
  }
  for (const line of computed) {
    if (!isBelow(file, house.computedImports)) {
      complain(
        { line },
        "imports a target that is only known when the program runs",
        "the table cannot say whether it may: write the target in the import",
      );
    }
  }
  return complaints;
}

const clockAdvice = "time and chance are handed in (core/platform/clock.ts, random.ts), so that a test can own them";

/** Whether an import can reach the system's clock or Node's timers; one that names nothing can reach all that the file exports. */
function takesTime({ names, target }: Mention): boolean {
  if (target.startsWith("node:timers") || names.includes("systemClock")) return true;
  return target === clockFile && names.length === 0;
}

const clockFile = "core/platform/clock.ts";
const clockName = ({ names, target }: Mention) => (names.includes("systemClock") ? "systemClock" : target);

function whyNot(house: House, room: Room, { file, target, isOurs }: Mention): string | undefined {
  if (target.startsWith("node:")) {
    const { builtins } = room;
    if (!builtins || builtins.includes(target)) return undefined;
    return `${room.path} may use of Node ${builtins.length > 0 ? builtins.join(", ") : "nothing that reaches outside"}`;
  }
  if (!isOurs) {
    const homes = house.libraries[target];
    if (!homes) return "core/rooms/libraries.ts does not say whose library it is";
    return isBelow(file, homes) ? undefined : `it is the library of ${homes.join(", ")}`;
  }
  if (isForTests(house, target)) return "only tests may import what tests are made of";
  if (/\.(?:test|fuzz)\.ts$/.test(target)) return "nothing imports a test";
  const of = roomOf(house, target);
  if (!of) return "core/rooms/house.ts has no line for its folder";
  if (of === room) return undefined;
  if (!isBelow(target, room.imports)) return `${room.path} may import ${room.imports.join(", ") || "no other room"}`;
  const doorOf = house.rooms.find(({ path, door }) => door && isBelow(target, [path]) && !isBelow(file, [path]));
  if (doorOf && target !== doorOf.door) {
    return `${doorOf.path} is entered by ${doorOf.door}`;
  }
  return undefined;
}

/** Circles of files that import each other, directly or through others. */
export function circles(graph: ImportGraph): string[][] {
  const importsOf = (file: string) =>
    (graph.get(file)?.imports ?? []).map(({ target }) => target).filter((target) => graph.has(target));
  // Tarjan's algorithm: a file that is reached from another, and from which that one is reached again, is in its circle.
  const number = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];
  const enter = (file: string): number => {
    const own = number.size;
    number.set(file, own);
    let low = own;
    stack.push(file);
    onStack.add(file);
    for (const target of importsOf(file)) {
      if (!number.has(target)) low = Math.min(low, enter(target));
      else if (onStack.has(target)) low = Math.min(low, number.get(target) ?? low);
    }
    if (low === own) {
      const circle = stack.splice(stack.indexOf(file));
      for (const member of circle) onStack.delete(member);
      if (circle.length > 1 || importsOf(file).includes(file)) found.push(circle.sort());
    }
    return low;
  };
  for (const file of graph.keys()) if (!number.has(file)) enter(file);
  return found;
}

function ofCircles(graph: ImportGraph): Violation[] {
  return circles(graph).flatMap((circle) =>
    circle.map((file) => {
      const others = circle.filter((other) => other !== file);
      const mention = graph.get(file)?.imports.find(({ target }) => circle.includes(target));
      const withWhom = others.length > 6 ? `${others.length} files` : others.join(", ") || "itself";
      return {
        file,
        line: mention?.line ?? 1,
        what: `imports ${mention?.target}`,
        why: `that is a circle with ${withWhom}`,
      };
    }),
  );
}

/** These files, and all that they import, directly or through others. Imports of types count, though no program loads them. */
export function reachedFrom(graph: ImportGraph, files: readonly string[]): ReadonlySet<string> {
  const reached = new Set(files);
  for (const file of reached) {
    for (const { target } of graph.get(file)?.imports ?? []) if (graph.has(target)) reached.add(target);
  }
  return reached;
}

/** The innermost room that a file is in. */
export function roomOf({ rooms }: House, file: string): Room | undefined {
  let innermost: Room | undefined;
  for (const room of rooms) {
    if (isBelow(file, [room.path]) && room.path.length > (innermost?.path.length ?? 0)) innermost = room;
  }
  return innermost;
}

/** Whether a file is one of these files, or in one of these folders. */
export function isBelow(file: string, paths: readonly string[]): boolean {
  return paths.some((path) => file === path || file.startsWith(`${path}/`));
}
