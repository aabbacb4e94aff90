import { permissionsByPage } from '@/app/permission-names.ts';
import type { CheckNode } from '@/ui/check-tree.ts';

/** The person's permissions as a tree to choose from: a page with what may be done there. */
export class PermissionNodes {
  readonly nodes: readonly CheckNode[];
  readonly #codes = new Map<number, readonly string[]>();
  readonly #chosen: ReadonlySet<string>;

  constructor(permissions: readonly string[], chosen: readonly string[]) {
    this.#chosen = new Set(chosen);
    this.nodes = permissionsByPage(permissions).flatMap(({ page, permissions }) => {
      const id = this.#add(permissions.map(({ code }) => code));
      const parent = { id, parent_id: null, label: page, checked: this.#stateOf(id) };
      const children = permissions.map(({ code, action }) => {
        const own = this.#add([code]);
        return { id: own, parent_id: id, label: action, code, checked: this.#stateOf(own) };
      });
      return [parent, ...children];
    });
  }

  /** The pages, which are closed at first. */
  get pages(): number[] {
    return this.nodes.filter(({ parent_id }) => parent_id === null).map(({ id }) => id);
  }

  /** What is chosen after a node was chosen or given up. */
  toggled(id: number): string[] {
    const codes = this.#codes.get(id) ?? [];
    const chosen = new Set(this.#chosen);
    const isOn = codes.every((code) => chosen.has(code));
    for (const code of codes)
      if (isOn) chosen.delete(code);
      else chosen.add(code);
    return [...chosen];
  }

  #add(codes: readonly string[]): number {
    const id = this.#codes.size + 1;
    this.#codes.set(id, codes);
    return id;
  }

  #stateOf(id: number): boolean | 'mixed' {
    const codes = this.#codes.get(id) ?? [];
    const chosen = codes.filter((code) => this.#chosen.has(code)).length;
    return chosen === 0 ? false : chosen === codes.length ? true : 'mixed';
  }
}
