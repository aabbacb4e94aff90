import { editor, id, line, MAX_VERSION, message, moment, nullable, ref, type Static, Type } from '#core/schema.ts';

const order = Type.Integer({ minimum: -1_000_000, maximum: 1_000_000, description: 'smaller comes first' });

export const DeptOut = message('Dept', {
  id: id(),
  parent_id: nullable(Type.Integer()),
  path: Type.String({ description: 'the ids from the root down, such as `/1/4/`' }),
  name: Type.String(),
  code: Type.String(),
  order: Type.Integer(),
  leader_id: nullable(Type.Integer()),
  leader_name: nullable(Type.String({ description: 'when the caller may see them' })),
  is_enabled: Type.Boolean(),
  version: Type.Integer(),
  created_at: moment(),
  updated_at: moment(),
  updated_by_name: editor(),
});
export type DeptOut = Static<typeof DeptOut>;

/** The departments of the caller's scope; whoever wants a tree builds it from `parent_id`, since a parent may be out of scope. */
export const DeptList = message('DeptList', { items: Type.Array(ref(DeptOut)) });

const fields = {
  name: line(50),
  code: line(50, { pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$' }),
  parent_id: nullable(id()),
  order,
  leader_id: nullable(id()),
  is_enabled: Type.Boolean(),
};

export const DeptCreate = message('DeptCreate', {
  name: fields.name,
  code: fields.code,
  parent_id: Type.Optional(fields.parent_id),
  order: Type.Optional(order),
  leader_id: Type.Optional(fields.leader_id),
  is_enabled: Type.Optional(fields.is_enabled),
});
export type DeptCreate = Static<typeof DeptCreate>;

export const DeptUpdate = message(
  'DeptUpdate',
  {
    name: Type.Optional(fields.name),
    code: Type.Optional(fields.code),
    parent_id: Type.Optional(fields.parent_id),
    order: Type.Optional(order),
    leader_id: Type.Optional(fields.leader_id),
    is_enabled: Type.Optional(fields.is_enabled),
    version: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_VERSION })),
  },
  { minProperties: 1 },
);
export type DeptUpdate = Static<typeof DeptUpdate>;

export const DeptQuery = Type.Object(
  {
    keyword: Type.Optional(line(50, { description: 'part of the name or code' })),
    is_enabled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type DeptQuery = Static<typeof DeptQuery>;
