/** A permission code in which `*` may stand for a whole segment. */
export const GRANT = /^([a-z][a-z0-9-]*|\*):([a-z][a-z0-9-]*|\*):([a-z][a-z0-9-]*|\*)$/;

export const isWildcard = (grant: string): boolean => grant.includes('*');

/** Whether a grant gives a code, or all that another wildcard stands for: the rule of the service (server/core/access.ts). */
export function gives(grant: string, code: string): boolean {
  const wanted = code.split(':');
  const given = grant.split(':');
  return (
    given.length === wanted.length && given.every((segment, index) => segment === '*' || segment === wanted[index])
  );
}

export const covers = (grants: Iterable<string>, code: string): boolean => {
  for (const grant of grants) if (gives(grant, code)) return true;
  return false;
};
