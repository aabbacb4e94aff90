import { useQuery } from '@tanstack/vue-query';
import { getPermissions } from '@/api/gen/index.ts';
import { api } from '@/app/api.ts';
import { locale } from '@/app/i18n.ts';

/** The permissions of the program, titled in the language of the reader. */
export const useCatalogue = () =>
  useQuery({
    queryKey: ['permissions', 'catalogue', locale],
    queryFn: ({ signal }) => api(getPermissions({ signal })),
    staleTime: 60_000,
  });
