/** A folder with one subject, or a file that is above the folders around it. */
export interface Room {
  readonly path: string;
  /** What the room is for, as the READMEs say it. */
  readonly holds: string;
  /** Folders and files that the room may import, besides its own files and Node's modules. */
  readonly imports: readonly string[];
  /** The modules of Node that the room may import; all of them, where this is left out. */
  readonly builtins?: readonly string[];
  /** The one file of the room that other rooms may import. */
  readonly door?: string;
  /** The room is for tests: it may import everything, and only tests may import it. */
  readonly forTests?: boolean;
}

export interface House {
  readonly rooms: readonly Room[];
  /** Which folders and files may import an outside library. */
  readonly libraries: Readonly<Record<string, readonly string[]>>;
  /** Which files and folders may start timers, read the system's clock, and hand it to others. */
  readonly clockReaders: readonly string[];
  /** Which files may import a target that is only known when the program runs. */
  readonly computedImports: readonly string[];
}

/** For a room that reaches no file, no network and no process. */
export const noBuiltins: readonly string[] = [];

/** A tower: each floor may import what its line names, the rooms of the ground, and the floors before it. */
export function tower(floors: readonly Room[], ground: readonly Room[] = []): Room[] {
  const below = ground.map(({ path }) => path);
  const built = floors.map((floor) => {
    const imports = [...floor.imports, ...below];
    below.push(floor.path);
    return { ...floor, imports };
  });
  return [...ground, ...built];
}
