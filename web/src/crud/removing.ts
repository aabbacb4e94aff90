/** How a page deletes: one row by its own address, whose answer says plainly why not, and several all or none. */
export function removing<Id>(
  one: (id: Id) => Promise<unknown>,
  several: (ids: Id[]) => Promise<unknown>,
): (ids: Id[]) => Promise<unknown> {
  return (ids) => {
    const [first] = ids;
    return ids.length === 1 && first !== undefined ? one(first) : several(ids);
  };
}
