/** The names in a table, as its type knows them: `Object.keys` knows only strings, since a value may have more than its type says. */
export function keysOf<Table extends object>(table: Table): (keyof Table & string)[] {
  return Object.keys(table) as (keyof Table & string)[];
}
