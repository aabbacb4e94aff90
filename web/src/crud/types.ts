import type { Permission } from '@/api/permissions.gen.ts';
import type { MessageKey } from '@/app/i18n.ts';
import type { JsonSchema } from './rules.ts';

/** Most rows have a number for a key; some, such as sessions, a text. */
export type RowId = number | string;

/** A row people edit. `version` is what optimistic locking compares. */
export interface CrudRow {
  readonly id: RowId;
  readonly version?: number;
  readonly updated_at?: string;
  readonly updated_by_name?: string | null;
}

/** What every list takes; filters are named as the API names them. */
export interface ListQuery {
  page?: number;
  page_size?: number;
  order_by?: string;
}

/** A page of a list, or (without `total`) all rows of a tree. */
export interface Listed<Row> {
  readonly items: readonly Row[];
  readonly total?: number;
}

export interface Option {
  readonly value: string | number | boolean;
  readonly label: string;
  readonly children?: readonly Option[];
  readonly disabled?: boolean;
}

/** A column of the table. What it shows: a slot `#cell-<key>`, else `text`, else the value by its `kind`. */
export interface Column<Row> {
  readonly key: keyof Row & string;
  readonly label: MessageKey;
  /** `instant`: a time to the second, for rows that follow each other closely. */
  readonly kind?: 'text' | 'code' | 'number' | 'time' | 'instant' | 'boolean';
  readonly text?: (row: Row) => string;
  /** Words for true and false; on and off by default. */
  readonly words?: readonly [on: MessageKey, off: MessageKey];
  readonly minWidth?: number;
  /** Says much: it has what room the others leave, and is not held to the width of a short text. */
  readonly isWide?: boolean;
  readonly isSortable?: boolean;
  /** Left out until the person asks for it. */
  readonly isHidden?: boolean;
  /** Where a card on a phone shows it. */
  readonly card?: 'title' | 'badge' | 'line' | 'none';
}

/** A field of the form. What stands there: a slot `#field-<key>`, else an input of its `kind`. */
export interface Field<Form> {
  readonly key: keyof Form & string;
  readonly label: MessageKey;
  readonly kind?: 'text' | 'textarea' | 'password' | 'number' | 'switch' | 'select' | 'tree';
  readonly help?: MessageKey;
  readonly options?: () => Promise<readonly Option[]>;
  readonly isMultiple?: boolean;
  /** Words for a switch; on and off by default. */
  readonly words?: readonly [on: MessageKey, off: MessageKey];
  /** Two of them share a line where there is room. */
  readonly isHalf?: boolean;
  readonly only?: 'create' | 'update';
  /** `row` is what is edited; null for a new one. */
  isShown?(form: Form, row: unknown): boolean;
}

/** A filter above the table. The first ones are always there, the rest behind "more". */
export interface Filter<Query> {
  readonly key: keyof Query & string;
  readonly label: MessageKey;
  readonly kind?: 'text' | 'boolean' | 'select' | 'tree' | 'from' | 'to';
  readonly options?: () => Promise<readonly Option[]>;
  readonly words?: readonly [on: MessageKey, off: MessageKey];
  /** The panel at the side sets it; an input stands in for the panel where that is not shown. */
  readonly isInAside?: boolean;
  readonly isWide?: boolean;
  /** Left out while it says no. */
  isShown?(): boolean;
}

/** True: it may be done. False: it is not offered. A text: it is offered, but says why it cannot be done. */
export type Allowed = boolean | MessageKey;

/** Something that can be done with a row, besides editing and deleting it. */
export interface RowAction<Row> {
  readonly label: MessageKey;
  readonly permission?: Permission;
  readonly allowed?: (row: Row) => Allowed;
  readonly isDangerous?: boolean;
  readonly run: (row: Row) => unknown;
}

/**
 * A page that lists rows and lets people create, change and delete them, declared in a few lines.
 * `Form` is what is created; a change sends those fields that differ, with the version they were read at.
 */
export interface CrudSpec<Row extends CrudRow, Form extends object, Query extends ListQuery, Detail extends Row = Row> {
  /** Names the table where the person's choice of columns is kept. */
  readonly name: string;
  /** Tells lists of one kind apart by what they belong to, such as the members of which role. */
  readonly of?: readonly (string | number)[];
  /** What the panel at the side is called (the slot `aside`). */
  readonly aside?: MessageKey;
  /** One row in a word, such as "position". */
  readonly one: MessageKey;
  readonly permissions: { readonly create?: Permission; readonly update?: Permission; readonly delete?: Permission };
  readonly list: (query: Query, signal: AbortSignal) => Promise<Listed<Row>>;
  /** One row, with what only the form needs of it. */
  readonly read?: (id: Row['id']) => Promise<Detail>;
  readonly create?: (form: Form) => Promise<unknown>;
  readonly update?: (id: Row['id'], changes: Partial<Form> & { version?: number }) => Promise<unknown>;
  readonly remove?: (ids: Row['id'][]) => Promise<unknown>;
  /** Fields that this form needs besides those that its schema asks for. */
  required?(form: Form): readonly (keyof Form & string)[];
  readonly schemas?: { readonly create?: JsonSchema; readonly update?: JsonSchema };
  /** Rows hang below each other by `parent_id`; the list has no pages then. */
  readonly isTree?: boolean;
  /** Which branches of the tree are closed at first. */
  readonly startsClosed?: (row: Row) => boolean;
  readonly columns: readonly Column<Row>[];
  readonly filters?: readonly Filter<Query>[];
  readonly fields?: readonly Field<Form>[];
  readonly blank?: () => Form;
  toForm?(row: Detail): Form;
  readonly titleOf: (row: Row) => string;
  readonly mayEdit?: (row: Row) => Allowed;
  readonly mayDelete?: (row: Row) => Allowed;
  /** What the confirmation of a deletion adds, such as what goes with the row. */
  readonly deleteHint?: MessageKey;
  readonly actions?: readonly RowAction<Row>[];
  /** The kind of row that the audit knows these by: then what happened to each can be looked at. */
  readonly history?: string;
}

/** Types a page's declaration; returns it unchanged. */
export function defineCrud<
  Row extends CrudRow,
  Form extends object,
  Query extends ListQuery = ListQuery,
  Detail extends Row = Row,
>(spec: CrudSpec<Row, Form, Query, Detail>): CrudSpec<Row, Form, Query, Detail> {
  return spec;
}
