import { computed, type Ref, ref, watch } from 'vue';
import { linesOf, type TreeLine } from './tree.ts';
import type { CrudRow, RowId } from './types.ts';

/**
 * The lines a table shows of its rows: as they come, or as a tree whose branches open and close. What was looked for is never behind
 * a closed branch at first.
 */
export function useTreeLines<Row extends CrudRow>(
  items: Readonly<Ref<readonly Row[]>>,
  isTree: boolean,
  isFiltered: Readonly<Ref<boolean>>,
  startsClosed: (row: Row) => boolean = () => false,
) {
  /** The branches that are not as they were at first. */
  const turned = ref<ReadonlySet<RowId>>(new Set());
  watch(isFiltered, () => {
    turned.value = new Set();
  });
  const branches = computed(() => {
    const parents = new Set(items.value.map((row) => (row as { parent_id?: RowId | null }).parent_id));
    return items.value.filter(({ id }) => parents.has(id));
  });
  const wasClosed = (row: Row) => !isFiltered.value && startsClosed(row);
  const closed = computed(
    () => new Set(branches.value.filter((row) => wasClosed(row) !== turned.value.has(row.id)).map(({ id }) => id)),
  );
  const lines = computed<TreeLine<Row>[]>(() =>
    isTree
      ? linesOf(items.value, closed.value)
      : items.value.map((row) => ({ row, depth: 0, hasChildren: false, isOpen: false })),
  );

  function toggle(id: RowId): void {
    const next = new Set(turned.value);
    if (!next.delete(id)) next.add(id);
    turned.value = next;
  }
  const isAnyClosed = computed(() => closed.value.size > 0);
  const toggleAll = () => {
    const closes = !isAnyClosed.value;
    turned.value = new Set(branches.value.filter((row) => wasClosed(row) !== closes).map(({ id }) => id));
  };
  return { lines, toggle, toggleAll, isAnyClosed };
}
