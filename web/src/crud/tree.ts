import type { RowId } from './types.ts';

/** A row of a tree as the table shows it. */
export interface TreeLine<Row> {
  readonly row: Row;
  readonly depth: number;
  readonly hasChildren: boolean;
  readonly isOpen: boolean;
}

interface Hanging {
  readonly id: RowId;
  readonly parent_id?: RowId | null;
}
interface Numbered extends Hanging {
  readonly id: number;
  readonly parent_id?: number | null;
}

/** The rows below each row; rows whose parent is not among them (outside of the person's scope) are roots. */
export function childrenByParent<Row extends Hanging>(rows: readonly Row[]): ReadonlyMap<RowId | null, Row[]> {
  const known = new Set(rows.map(({ id }) => id));
  const children = new Map<RowId | null, Row[]>();
  for (const row of rows) {
    const parent = row.parent_id != null && known.has(row.parent_id) ? row.parent_id : null;
    const siblings = children.get(parent);
    if (siblings) siblings.push(row);
    else children.set(parent, [row]);
  }
  return children;
}

/** The lines of a tree from the top down, without what is below a closed row. */
export function linesOf<Row extends Hanging>(rows: readonly Row[], closed: ReadonlySet<RowId>): TreeLine<Row>[] {
  const children = childrenByParent(rows);
  const lines: TreeLine<Row>[] = [];
  const walk = (parent: RowId | null, depth: number) => {
    for (const row of children.get(parent) ?? []) {
      const hasChildren = children.has(row.id);
      const isOpen = !closed.has(row.id);
      lines.push({ row, depth, hasChildren, isOpen });
      if (isOpen) walk(row.id, depth + 1);
    }
  };
  walk(null, 0);
  return lines;
}

/** A choice of a tree input. */
export interface TreeOption {
  readonly value: number;
  readonly label: string;
  readonly children: readonly TreeOption[];
}

/** The rows as nested options of a tree input. `without` (and all below it) is left out: a row cannot hang below itself. */
export function toOptions<Row extends Numbered>(
  rows: readonly Row[],
  label: (row: Row) => string,
  without?: number,
): TreeOption[] {
  const children = childrenByParent(rows);
  const nest = (parent: number | null): TreeOption[] =>
    (children.get(parent) ?? [])
      .filter(({ id }) => id !== without)
      .map((row) => ({ value: row.id, label: label(row), children: nest(row.id) }));
  return nest(null);
}

/** The rows to close so that only the first levels show, besides the way down to `kept`. */
export function closedBelow<Row extends Numbered>(rows: readonly Row[], levels: number, kept?: number): Set<number> {
  const parents = new Map(rows.map(({ id, parent_id }) => [id, parent_id ?? null]));
  const way = new Set<number>();
  for (let at = kept; at !== undefined && !way.has(at); at = parents.get(at) ?? undefined) way.add(at);
  const closed = new Set<number>();
  for (const { row, depth, hasChildren } of linesOf(rows, new Set()))
    if (hasChildren && depth + 1 >= levels && !way.has(row.id)) closed.add(row.id);
  return closed;
}

/** The rows that match, with all that is above them, so that what is found keeps its place. */
export function withAncestors<Row extends Hanging>(rows: readonly Row[], matches: (row: Row) => boolean): Row[] {
  const byId = new Map<Row['id'], Row>(rows.map((row) => [row.id, row]));
  const kept = new Set<Row['id']>();
  for (const row of rows) {
    if (!matches(row)) continue;
    for (let at: Row | undefined = row; at && !kept.has(at.id); at = byId.get(at.parent_id ?? 0)) kept.add(at.id);
  }
  return rows.filter(({ id }) => kept.has(id));
}
