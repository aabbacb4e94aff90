/** The data scopes by name, widest first. */
export const DATA_SCOPES = ['all', 'dept_and_below', 'dept', 'custom', 'self'] as const;
export type DataScopeName = (typeof DATA_SCOPES)[number];

/** The rows a user may touch: the union of what all enabled roles give. Their own rows are always among them. */
export interface DataScope {
  readonly all: boolean;
  readonly userId: number;
  /** Departments whose rows are visible, without those below them. */
  readonly deptIds: readonly number[];
  /** Paths of departments whose rows are visible together with all below them. */
  readonly deptPaths: readonly string[];
}

/** `module:resource:action`, lower case; in a grant `*` stands for a whole segment. */
export const PERMISSION_PATTERN = '^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$';
export const GRANT_PATTERN = '^([a-z][a-z0-9-]*|\\*):([a-z][a-z0-9-]*|\\*):([a-z][a-z0-9-]*|\\*)$';

const permissionPattern = new RegExp(PERMISSION_PATTERN);

/** What a route asks of its caller. */
export type Access = 'public' | 'signed-in' | (string & {});

/** Tells whether a route's access is a permission code, as opposed to `public` or `signed-in`. */
export function isPermissionCode(access: string): boolean {
  return permissionPattern.test(access);
}

const noCodes: ReadonlySet<string> = new Set();

/** The grants of a user, ready to be asked. Codes that are switched off for everybody are held by nobody, whatever the wildcard. */
export class PermissionSet {
  readonly grants: readonly string[];
  readonly #exact: ReadonlySet<string>;
  readonly #wildcards: readonly (readonly string[])[];
  readonly #switchedOff: ReadonlySet<string>;

  constructor(grants: Iterable<string>, switchedOff: ReadonlySet<string> = noCodes) {
    this.grants = [...new Set(grants)].sort();
    this.#exact = new Set(this.grants);
    this.#wildcards = this.grants.filter((grant) => grant.includes('*')).map((grant) => grant.split(':'));
    this.#switchedOff = switchedOff;
  }

  /** What both these grants and the given ones allow: nothing that only one of the two does. */
  narrowedTo(grants: readonly string[]): PermissionSet {
    const common = grants.flatMap((grant) =>
      this.covers(grant) ? [grant] : this.grants.flatMap((own) => intersectionOf(own, grant) ?? []),
    );
    return new PermissionSet(common, this.#switchedOff);
  }

  /** Whether a code may be used now. */
  holds(code: string): boolean {
    return this.covers(code) && !this.#switchedOff.has(code);
  }

  /** Whether a code, or every code that a wildcard stands for, was granted. */
  covers(grant: string): boolean {
    return this.#exact.has(grant) || this.grantFor(grant) !== undefined;
  }

  /** The grant that gives a code: itself or the first wildcard that stands for it. */
  grantFor(code: string): string | undefined {
    if (this.#exact.has(code)) return code;
    if (this.#wildcards.length === 0) return undefined;
    const segments = code.split(':');
    return this.#wildcards.find((wildcard) => matches(wildcard, segments))?.join(':');
  }
}

/** The grant for what two of them both stand for; null when there is nothing. */
function intersectionOf(one: string, other: string): string | null {
  const others = other.split(':');
  const common = one.split(':').map((segment, index) => {
    const against = others[index] ?? '';
    return segment === '*' ? against : against === '*' || against === segment ? segment : null;
  });
  return common.includes(null) ? null : common.join(':');
}

function matches(wildcard: readonly string[], segments: readonly string[]): boolean {
  return (
    wildcard.length === segments.length &&
    wildcard.every((segment, index) => segment === '*' || segment === segments[index])
  );
}

/** What a user can set up besides the password. */
export type SecondFactor = 'totp' | 'passkey';

/** Who acts, and everything that decides what they may do; read anew from the stored state whenever that changes. */
export interface Actor {
  readonly userId: number;
  readonly username: string;
  readonly isSuperuser: boolean;
  readonly mustChangePassword: boolean;
  /** By what they can prove themselves besides the password. */
  readonly secondFactors: readonly SecondFactor[];
  /** Whether one of their roles asks for a second factor. */
  readonly requiresSecondFactor: boolean;
  readonly deptId: number | null;
  readonly permissions: PermissionSet;
  readonly scope: DataScope;
}

/** First path after all paths that start with `path`: `/1/4/` → `/1/40` (`0` follows `/` in ASCII). */
export function endOfSubtree(path: string): string {
  return `${path.slice(0, -1)}0`;
}

/** The ids on a path from the root down: `/1/4/` → [1, 4]. */
export function idsOfPath(path: string): number[] {
  return path.split('/').filter(Boolean).map(Number);
}
