/** Rows of one insert: MySQL and SQLite limit the parameters of a statement, and any row of ours stays below that. */
export const ROWS_PER_INSERT = 200;
/** Keys of one condition, for the same reason. */
export const KEYS_PER_STATEMENT = 500;

/** The items in groups of at most `size`, in their order. */
export function groupsOf<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let start = 0; start < items.length; start += size) groups.push(items.slice(start, start + size));
  return groups;
}
