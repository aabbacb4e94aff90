import { useQuery } from '@tanstack/vue-query';
import { computed } from 'vue';
import { locale } from '@/app/i18n.ts';
import type { Option } from './types.ts';

/** The choices of an input, kept for a while under a key so that two inputs ask once; some are in the language of the person. */
export function useOptions(key: readonly unknown[], load: (() => Promise<readonly Option[]>) | undefined) {
  const query = useQuery({
    queryKey: ['options', ...key, locale],
    queryFn: () => load?.() ?? [],
    enabled: load !== undefined,
    staleTime: 60_000,
  });
  return { options: computed(() => query.data.value ?? []), isLoading: query.isLoading, error: query.error };
}
