// An integer of SQLite holds any id: nothing has to change here.
export const up: readonly string[] = ['select 1'];

export const down: readonly string[] = ['select 1'];
