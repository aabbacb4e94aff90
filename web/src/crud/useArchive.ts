import { useQuery } from '@tanstack/vue-query';
import { getArchive } from '@/api/gen/index.ts';
import { api } from '@/app/api.ts';
import type { Filter, ListQuery } from './types.ts';

/** The filter by which the list of a log reads its archive; shown where there is one. */
export function useArchiveFilter<Query extends ListQuery & { archived?: boolean }>(): Filter<Query> {
  const archive = useQuery({ queryKey: ['archive'], queryFn: ({ signal }) => api(getArchive({ signal })) });
  return {
    key: 'archived',
    label: 'crud.archived',
    kind: 'boolean',
    words: ['crud.inArchive', 'crud.inDatabase'],
    isShown: () => archive.data.value?.is_on === true,
  };
}
