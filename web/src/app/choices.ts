import { getDeptsOptions, getPositionsOptions, getRolesOptions } from '@/api/gen/index.ts';
import { toOptions } from '@/crud/tree.ts';
import type { Option } from '@/crud/types.ts';
import { api } from './api.ts';

/** The departments of the reader's scope as a tree to choose from. */
export async function deptChoices(): Promise<readonly Option[]> {
  return toOptions((await api(getDeptsOptions())).items, ({ name }) => name);
}

export async function positionChoices(): Promise<readonly Option[]> {
  return (await api(getPositionsOptions())).items.map(({ id, name }) => ({ value: id, label: name }));
}

/** The roles; those that exceed the reader's own rights cannot be chosen. */
export async function roleChoices(): Promise<readonly Option[]> {
  return (await api(getRolesOptions())).items.map(({ id, name, may_give }) => ({
    value: id,
    label: name,
    disabled: !may_give,
  }));
}
