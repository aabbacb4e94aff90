import { describe, expect, test } from 'vitest';
import { childrenByParent, closedBelow, linesOf, toOptions } from './tree.ts';

const rows = [
  { id: 1, parent_id: null, name: 'root' },
  { id: 2, parent_id: 1, name: 'left' },
  { id: 3, parent_id: 1, name: 'right' },
  { id: 4, parent_id: 2, name: 'leaf' },
];
const idsOf = (lines: readonly { row: { id: number } }[]) => lines.map(({ row }) => row.id);

describe('the lines of a tree', () => {
  test('come from the top down, each with its depth', () => {
    const lines = linesOf(rows, new Set());
    expect(lines.map(({ row, depth, hasChildren }) => [row.id, depth, hasChildren])).toEqual([
      [1, 0, true],
      [2, 1, true],
      [4, 2, false],
      [3, 1, false],
    ]);
  });

  test('leave out what is below a closed row, and keep the row', () => {
    const lines = linesOf(rows, new Set([2]));
    expect(idsOf(lines)).toEqual([1, 2, 3]);
    expect(lines[1]).toMatchObject({ isOpen: false, hasChildren: true });
  });

  test('make a root of a row whose parent the person does not see', () => {
    expect(
      idsOf(
        linesOf(
          [
            { id: 9, parent_id: 8 },
            { id: 10, parent_id: 9 },
          ],
          new Set(),
        ),
      ),
    ).toEqual([9, 10]);
    expect(childrenByParent([{ id: 9, parent_id: 8 }]).get(null)).toHaveLength(1);
  });

  test('can be closed below some levels, except on the way to one row', () => {
    expect([...closedBelow(rows, 1)]).toEqual([1, 2]);
    expect([...closedBelow(rows, 2)]).toEqual([2]);
    expect([...closedBelow(rows, 1, 4)]).toEqual([]);
    expect([...closedBelow(rows, 1, 3)]).toEqual([2]);
  });
});

test('a row cannot hang below itself: it and all below it are no options', () => {
  expect(toOptions(rows, ({ name }) => name, 2)).toEqual([
    { value: 1, label: 'root', children: [{ value: 3, label: 'right', children: [] }] },
  ]);
});
