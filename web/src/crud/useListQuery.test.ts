import { mount } from '@vue/test-utils';
import { describe, expect, test } from 'vitest';
import { defineComponent, h } from 'vue';
import { createMemoryHistory, createRouter, type Router } from 'vue-router';
import type { Filter } from './types.ts';
import { type ListState, useListQuery } from './useListQuery.ts';

interface Query {
  page?: number;
  page_size?: number;
  order_by?: string;
  keyword?: string;
  is_enabled?: boolean;
  dept_id?: number;
}
const filters: readonly Filter<Query>[] = [
  { key: 'keyword', label: 'action.search' },
  { key: 'is_enabled', label: 'common.status', kind: 'boolean' },
  { key: 'dept_id', label: 'common.status', kind: 'tree' },
];

/** The state of a list at an address. */
async function at(address: string, isTree = false): Promise<{ list: ListState<Query>; router: Router }> {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/', component: { render: () => null } }],
  });
  await router.push(address);
  let list: ListState<Query> | undefined;
  const Holder = defineComponent(() => {
    list = useListQuery<Query>(filters, isTree);
    return () => h('div');
  });
  mount(Holder, { global: { plugins: [router] } });
  return { list: list as ListState<Query>, router };
}

describe('the state of a list', () => {
  test('is read from the address, each filter by its kind', async () => {
    const { list } = await at('/?page=3&page_size=50&order_by=-name&keyword=a&is_enabled=false&dept_id=7&form=new');
    expect(list.query.value).toEqual({
      page: 3,
      page_size: 50,
      order_by: '-name',
      keyword: 'a',
      is_enabled: false,
      dept_id: 7,
    });
    expect(list.hasFilters.value).toBe(true);
  });

  test('begins at the first page of 20 without filters, whatever nonsense the address holds', async () => {
    for (const address of ['/', '/?page=0&page_size=x', '/?page=-3&keyword=', '/?page=abc&keyword=']) {
      const { list } = await at(address);
      expect(list.query.value).toEqual({ page: 1, page_size: 20 });
      expect(list.hasFilters.value).toBe(false);
    }
  });

  test('is changed through the address; a filter begins at the first page, a page keeps the filters', async () => {
    const { list, router } = await at('/?page=3&keyword=a');
    await list.change({ page: 4 });
    expect(router.currentRoute.value.fullPath).toBe('/?page=4&keyword=a');
    await list.change({ is_enabled: true });
    expect(router.currentRoute.value.query).toEqual({ keyword: 'a', is_enabled: 'true' });
    expect(list.query.value).toEqual({ page: 1, page_size: 20, keyword: 'a', is_enabled: true });
    await list.change({ page: 1, keyword: undefined });
    expect(router.currentRoute.value.fullPath).toBe('/?is_enabled=true');
    await list.clearFilters();
    expect(router.currentRoute.value.fullPath).toBe('/');
  });

  test('of a tree has no pages', async () => {
    const { list } = await at('/?page=2&keyword=a', true);
    expect(list.query.value).toEqual({ keyword: 'a' });
  });
});
