import { describe, expect, test } from 'vitest';
import { codesOf, difference, type GrantRow, GrantTree, merged, rowsOf } from './grants.ts';

const row = (
  id: number,
  parent_id: number | null,
  kind: GrantRow['kind'],
  permission: string | null = null,
): GrantRow => ({
  ...{ id, parent_id, kind, permission },
  title: `row ${id}`,
  is_enabled: true,
  is_orphan: false,
});
const menus = [
  row(1, null, 'directory'),
  row(2, 1, 'menu', 'system:user:query'),
  row(3, 2, 'button', 'system:user:create'),
  row(4, 2, 'button', 'system:user:delete'),
  row(5, 1, 'menu', 'system:role:query'),
  row(6, null, 'menu'),
];
interface Setting {
  readonly held?: readonly string[];
  readonly mayGive?: (code: string) => boolean;
  readonly isLinked?: boolean;
  readonly rows?: readonly GrantRow[];
}
const tree = ({ held = [], mayGive = () => true, isLinked = true, rows = menus }: Setting = {}) =>
  new GrantTree(rowsOf(rows, held), new Set(held), mayGive, isLinked);
const node = (of: GrantTree, id: number) => of.nodes().find((one) => one.id === id);
const whenToggled = (of: GrantTree, id: number) => [...of.toggled(id)].sort();

describe('choosing in the tree of permissions', () => {
  test('linked: a page takes its buttons along, both ways', () => {
    const page = ['system:user:create', 'system:user:delete', 'system:user:query'];
    expect(whenToggled(tree(), 2)).toEqual(page);
    expect(whenToggled(tree({ held: page }), 2)).toEqual([]);
    expect(whenToggled(tree({ held: ['system:user:query'] }), 2)).toEqual(page);
    expect(whenToggled(tree(), 1)).toEqual(['system:role:query', ...page]);
  });

  test('linked: a button takes its page along, and leaves it when it goes', () => {
    expect(whenToggled(tree(), 3)).toEqual(['system:user:create', 'system:user:query']);
    expect(whenToggled(tree({ held: ['system:user:create', 'system:user:query'] }), 3)).toEqual(['system:user:query']);
  });

  test('unlinked: each code for itself, and a directory has none', () => {
    expect(whenToggled(tree({ isLinked: false }), 2)).toEqual(['system:user:query']);
    expect(whenToggled(tree({ isLinked: false }), 3)).toEqual(['system:user:create']);
    expect(whenToggled(tree({ isLinked: false }), 1)).toEqual([]);
    expect(node(tree({ isLinked: false }), 1)?.fixed).toBe('roles.noCode');
  });

  test('what is chosen below shows above', () => {
    const some = tree({ held: ['system:user:create'] });
    expect([node(some, 1)?.checked, node(some, 2)?.checked, node(some, 3)?.checked, node(some, 4)?.checked]).toEqual([
      'mixed',
      'mixed',
      true,
      false,
    ]);
    const unlinked = tree({ held: ['system:user:create'], isLinked: false });
    expect([node(unlinked, 1)?.checked, node(unlinked, 2)?.checked]).toEqual(['mixed', false]);
  });

  test('what is not held oneself is neither given nor taken, and says so', () => {
    const mayGive = (code: string) => code !== 'system:user:delete';
    expect(node(tree({ mayGive }), 4)?.fixed).toBe('roles.notHeld');
    expect(whenToggled(tree({ mayGive }), 4)).toEqual([]);
    expect(whenToggled(tree({ mayGive }), 2)).toEqual(['system:user:create', 'system:user:query']);
    const held = ['system:user:create', 'system:user:delete', 'system:user:query'];
    expect(whenToggled(tree({ mayGive, held }), 2)).toEqual(['system:user:delete']);
  });

  test('what a wildcard gives is chosen, fixed, and not given twice', () => {
    const wide = tree({ held: ['system:user:*'] });
    expect([node(wide, 2)?.checked, node(wide, 3)?.checked, node(wide, 3)?.fixed]).toEqual([
      true,
      true,
      'roles.byWildcard',
    ]);
    expect(whenToggled(wide, 3)).toEqual(['system:user:*']);
    expect(whenToggled(wide, 1)).toEqual(['system:role:query', 'system:user:*']);
    expect(whenToggled(tree({ held: ['*:*:query'] }), 3)).toEqual(['*:*:query', 'system:user:create']);
  });

  test('a page that needs no permission says that everybody sees it', () => {
    expect(node(tree(), 6)).toMatchObject({ checked: false, fixed: 'roles.forAll' });
  });

  test('what no route declares any more can be taken, not given', () => {
    const rows = [...menus, { ...row(7, 2, 'button', 'system:user:gone'), is_orphan: true }];
    expect(whenToggled(tree({ rows }), 7)).toEqual([]);
    expect(whenToggled(tree({ rows }), 2)).not.toContain('system:user:gone');
    expect(whenToggled(tree({ rows, held: ['system:user:gone'] }), 7)).toEqual([]);
    expect(codesOf(rowsOf(rows, []))).not.toContain('system:user:gone');
  });

  test('what hangs below no page, or in no menu at all, is there too', () => {
    const rows = rowsOf([...menus, row(8, null, 'button', 'system:lost:run')], ['system:far:away', 'system:user:*']);
    const others = rows.filter(({ parent_id }) => parent_id !== null && parent_id < 0);
    expect(others.map(({ permission }) => permission)).toEqual(['system:lost:run', 'system:far:away']);
    expect(rowsOf(menus, [])).toHaveLength(menus.length);
  });
});

describe('changes of two people', () => {
  test('are told apart', () => {
    expect(difference(new Set(['a', 'b']), new Set(['b', 'c']))).toEqual({ added: ['c'], removed: ['a'] });
  });

  test('are put together: mine on top of theirs', () => {
    const base = new Set(['a', 'b', 'c']);
    const mine = new Set(['b', 'c', 'mine']);
    const theirs = new Set(['a', 'b', 'theirs']);
    expect([...merged(base, mine, theirs)].sort()).toEqual(['b', 'mine', 'theirs']);
  });
});
