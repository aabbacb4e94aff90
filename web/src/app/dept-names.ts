import { useQuery } from '@tanstack/vue-query';
import { computed } from 'vue';
import { getDeptsOptions } from '@/api/gen/index.ts';
import { api } from './api.ts';
import { t } from './i18n.ts';

/** Names departments by their id; those that the reader does not see keep their number. */
export function useDeptNames(): (id: number | null) => string {
  const depts = useQuery({
    queryKey: ['options', 'depts', 'scope'],
    queryFn: ({ signal }) => api(getDeptsOptions({ signal })),
    staleTime: 60_000,
  });
  const names = computed(() => new Map(depts.data.value?.items.map(({ id, name }) => [id, name])));
  return (id) => (id === null ? t('common.none') : (names.value.get(id) ?? `#${id}`));
}
