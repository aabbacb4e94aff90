import type { GrantableMenu } from '@/api/gen/index.ts';
import { gives, isWildcard } from '@/app/grants.ts';
import { t } from '@/app/i18n.ts';
import { childrenByParent } from '@/crud/tree.ts';
import type { CheckNode } from '@/ui/check-tree.ts';

/** What of the menus the tree shows. Codes that hang below no page are gathered under one entry of their own. */
export type GrantRow = Pick<
  GrantableMenu,
  'id' | 'parent_id' | 'title' | 'permission' | 'is_enabled' | 'is_orphan' | 'kind'
>;

const OTHERS = -1;

/** The rows of the tree: the menus, and what the role holds that no menu carries any more. */
export function rowsOf(menus: readonly GrantRow[], held: Iterable<string>): GrantRow[] {
  const carried = new Set(menus.map(({ permission }) => permission));
  const stray = [...held].filter((code) => !isWildcard(code) && !carried.has(code));
  const isHomeless = ({ kind, parent_id }: GrantRow) => kind === 'button' && parent_id === null;
  const rows = menus.map((menu) =>
    isHomeless(menu) ? { ...menu, title: menu.permission ?? menu.title, parent_id: OTHERS } : menu,
  );
  const gone = { kind: 'button', parent_id: OTHERS, is_enabled: true, is_orphan: true } as const;
  rows.push(...stray.map((code, index) => ({ ...gone, id: OTHERS - 1 - index, title: code, permission: code })));
  if (rows.every(({ parent_id }) => parent_id !== OTHERS)) return rows;
  const others = { kind: 'directory', parent_id: null, permission: null, is_enabled: true, is_orphan: false } as const;
  return [...rows, { ...others, id: OTHERS, title: t('roles.others') }];
}

/** Every code that there is to give. */
export const codesOf = (rows: readonly GrantRow[]): string[] => [
  ...new Set(rows.flatMap(({ permission, is_orphan }) => (permission && !is_orphan ? [permission] : []))),
];

/** The tree of what a role gives, and what choosing in it means. */
export class GrantTree {
  readonly #rows: readonly GrantRow[];
  readonly #held: ReadonlySet<string>;
  readonly #mayGive: (code: string) => boolean;
  readonly #isLinked: boolean;
  readonly #wildcards: readonly string[];
  readonly #byId: ReadonlyMap<number, GrantRow>;
  readonly #below = new Map<number, GrantRow[]>();

  constructor(
    rows: readonly GrantRow[],
    held: ReadonlySet<string>,
    mayGive: (code: string) => boolean,
    isLinked: boolean,
  ) {
    this.#rows = rows;
    this.#held = held;
    this.#mayGive = mayGive;
    this.#isLinked = isLinked;
    this.#wildcards = [...held].filter(isWildcard);
    this.#byId = new Map(rows.map((row) => [row.id, row]));
    const children = childrenByParent(rows);
    const gather = (row: GrantRow): GrantRow[] => {
      const below = [row, ...(children.get(row.id) ?? []).flatMap(gather)];
      this.#below.set(row.id, below);
      return below;
    };
    for (const row of children.get(null) ?? []) gather(row);
  }

  wildcardFor(code: string): string | undefined {
    return this.#wildcards.find((grant) => gives(grant, code));
  }

  isGiven(code: string): boolean {
    return this.#held.has(code) || this.wildcardFor(code) !== undefined;
  }

  nodes(): CheckNode[] {
    return this.#rows.map((row) => this.#toNode(row));
  }

  #toNode(row: GrantRow): CheckNode {
    const all = this.#codesBelow(row);
    const codes = this.#isLinked || row.permission === null ? all : [row.permission];
    const given = codes.filter((code) => this.isGiven(code)).length;
    const tags = [
      ...(row.is_enabled ? [] : [{ text: t('roles.off'), kind: 'warn' as const }]),
      ...(row.is_orphan ? [{ text: t('roles.orphan'), kind: 'warn' as const }] : []),
    ];
    return {
      id: row.id,
      parent_id: row.parent_id,
      label: row.title,
      code: row.permission === row.title ? null : row.permission,
      checked: given === 0 ? false : given === codes.length ? true : 'mixed',
      fixed: this.#whyFixed(row),
      tags,
      count:
        all.length > 1 || (row.permission === null && all.length > 0)
          ? t('roles.countOf', { given: all.filter((code) => this.isGiven(code)).length, total: all.length })
          : undefined,
    };
  }

  #codesBelow(row: GrantRow): string[] {
    const below = this.#below.get(row.id) ?? [row];
    return [...new Set(below.flatMap(({ permission }) => permission ?? []))];
  }

  /** The rows that choosing this one is about and whose code can be given or taken. */
  #changeable(row: GrantRow): GrantRow[] {
    const rows = this.#isLinked ? (this.#below.get(row.id) ?? [row]) : [row];
    return rows.filter(
      ({ permission, is_orphan }) =>
        permission !== null &&
        this.wildcardFor(permission) === undefined &&
        this.#mayGive(permission) &&
        (!is_orphan || this.#held.has(permission)),
    );
  }

  #whyFixed(row: GrantRow): string | undefined {
    if (this.#changeable(row).length > 0) return undefined;
    if (this.#codesBelow(row).length === 0) return row.kind === 'directory' ? '' : t('roles.forAll');
    if (row.permission === null) return this.#isLinked ? this.#whyAllFixed(row) : t('roles.noCode');
    const wildcard = this.wildcardFor(row.permission);
    if (wildcard) return t('roles.byWildcard', { grant: wildcard });
    return row.is_orphan && this.#mayGive(row.permission) ? '' : t('roles.notHeld');
  }

  /** A directory says nothing of its own; what is below it does. */
  #whyAllFixed(row: GrantRow): string {
    return this.#codesBelow(row).some((code) => this.wildcardFor(code) === undefined) ? t('roles.notHeld') : '';
  }

  /** What the role holds after this row was chosen or given up. */
  toggled(id: number): Set<string> {
    const held = new Set(this.#held);
    const row = this.#byId.get(id);
    if (!row) return held;
    const codes = this.#changeable(row).flatMap(({ permission }) => permission ?? []);
    const isOn = codes.every((code) => held.has(code));
    for (const code of codes)
      if (isOn) held.delete(code);
      else held.add(code);
    if (isOn || !this.#isLinked) return held;
    // A button is of no use without its page.
    for (let at = this.#byId.get(row.parent_id ?? 0); at; at = this.#byId.get(at.parent_id ?? 0)) {
      const { permission, is_orphan } = at;
      if (permission && !is_orphan && !this.isGiven(permission) && this.#mayGive(permission)) held.add(permission);
    }
    return held;
  }
}

export interface Difference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export const difference = (before: ReadonlySet<string>, after: ReadonlySet<string>): Difference => ({
  added: [...after].filter((code) => !before.has(code)).sort(),
  removed: [...before].filter((code) => !after.has(code)).sort(),
});

/** Puts one's own changes on top of what somebody else has made of it meanwhile. */
export function merged(base: ReadonlySet<string>, mine: ReadonlySet<string>, theirs: ReadonlySet<string>): Set<string> {
  const { added, removed } = difference(base, mine);
  const result = new Set([...theirs, ...added]);
  for (const code of removed) result.delete(code);
  return result;
}
