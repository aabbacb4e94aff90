import { computed, type Ref } from 'vue';
import { type LocationQueryRaw, useRoute, useRouter } from 'vue-router';
import { preferences } from '@/app/preferences.ts';
import type { Filter, ListQuery } from './types.ts';

type FilterValues = Readonly<Record<string, string | number | boolean>>;

/** The state of a list, as the page and its slots use it. */
export interface ListState<Query> {
  readonly page: Readonly<Ref<number>>;
  readonly pageSize: Readonly<Ref<number>>;
  readonly orderBy: Readonly<Ref<string | undefined>>;
  readonly filters: Readonly<Ref<FilterValues>>;
  readonly hasFilters: Readonly<Ref<boolean>>;
  readonly query: Readonly<Ref<Query>>;
  change(changes: Record<string, string | number | boolean | undefined>): Promise<unknown>;
  clearFilters(): Promise<unknown>;
}

/**
 * The state of a list in the address: page, size, order and filters. So a reload, the back button and a link that is passed on
 * show the same rows.
 */
export function useListQuery<Query extends ListQuery>(
  filters: readonly Filter<Query>[],
  isTree: boolean,
): ListState<Query> {
  const route = useRoute();
  const router = useRouter();

  const value = (key: string): string | undefined => {
    const given = route.query[key];
    return typeof given === 'string' && given !== '' ? given : undefined;
  };
  const page = computed(() => Math.max(1, Number.parseInt(value('page') ?? '', 10) || 1));
  const pageSize = computed(() => Number.parseInt(value('page_size') ?? '', 10) || preferences.page_size);
  const orderBy = computed(() => value('order_by'));
  const given = computed(() => {
    const found: Record<string, string | number | boolean> = {};
    for (const { key, kind } of filters) {
      const text = value(key);
      if (text === undefined) continue;
      if (kind === 'boolean') found[key] = text === 'true';
      else if (kind === 'tree' && /^\d+$/.test(text)) found[key] = Number(text);
      else found[key] = text;
    }
    return found;
  });
  const hasFilters = computed(() => Object.keys(given.value).length > 0);
  /** What is sent to the service. */
  const query = computed(() => {
    const paging: ListQuery = isTree ? {} : { page: page.value, page_size: pageSize.value };
    if (orderBy.value) paging.order_by = orderBy.value;
    return { ...paging, ...given.value } as Query;
  });

  /** Changes some of it; `undefined` takes a key out of the address. All but turning a page begins at the first page. */
  function change(changes: Record<string, string | number | boolean | undefined>): Promise<unknown> {
    const next: LocationQueryRaw = { ...route.query };
    if (!('page' in changes)) delete next['page'];
    for (const [key, wanted] of Object.entries(changes)) {
      if (wanted === undefined || wanted === '') delete next[key];
      else next[key] = String(wanted);
    }
    if (next['page'] === '1') delete next['page'];
    return router.push({ query: next });
  }
  const clearFilters = () => change(Object.fromEntries(filters.map(({ key }) => [key, undefined])));

  return { page, pageSize, orderBy, filters: given, hasFilters, query, change, clearFilters };
}
