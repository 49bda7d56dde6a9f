/**
 * The names in a table, as its type knows them: `Object.keys` knows only strings, since a value may have more than its type
 * says.
 */
export function keysOf<Table extends object>(table: Table): (keyof Table & string)[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- callers hand it tables that are written out in the code, whose types name every key
  return Object.keys(table) as (keyof Table & string)[];
}
