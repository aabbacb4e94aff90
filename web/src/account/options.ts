import { useQuery } from '@tanstack/vue-query';
import { computed } from 'vue';
import { getAuthOptions } from '@/api/gen/index.ts';
import { api } from '@/app/api.ts';

/** What people who cannot sign in may do about it; nothing until the service has said so. */
export function useAuthOptions() {
  const { data } = useQuery({
    queryKey: ['auth-options'],
    queryFn: ({ signal }) => api(getAuthOptions({ signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return computed(() => ({
    canReset: data.value?.password_reset === true,
    canRegister: data.value?.registration === true,
  }));
}
