import { useQuery } from '@tanstack/vue-query';
import { computed, reactive } from 'vue';
import {
  getDashboardMe,
  getDashboardProcess,
  getDashboardRequests,
  getDashboardSignIns,
  getDashboardUsers,
} from '@/api/gen/index.ts';
import { api } from '@/app/api.ts';
import { can } from '@/app/session.ts';

const REFRESH_MS = 30_000;
const tz = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Figures that are read again twice a minute while somebody looks; those of one name are read once for the whole page. */
function useFigures<T>(name: string, read: (signal: AbortSignal) => Promise<T>, mayRead: () => boolean = () => true) {
  const query = useQuery({
    queryKey: ['dashboard', name],
    queryFn: ({ signal }) => read(signal),
    enabled: computed(mayRead),
    refetchInterval: REFRESH_MS,
    refetchIntervalInBackground: false,
  });
  const state = reactive({
    isPending: query.isPending,
    error: query.error,
    updatedAt: query.dataUpdatedAt,
    retry: () => query.refetch(),
  });
  return { figures: query.data, state };
}

export const maySeePeople = () => can('monitor:dashboard:query');
export const maySeeServer = () => can('monitor:server:query');

export const useOwnFigures = () => useFigures('me', (signal) => api(getDashboardMe({ query: { tz }, signal })));
export const useUserFigures = () =>
  useFigures('users', (signal) => api(getDashboardUsers({ query: { tz }, signal })), maySeePeople);
export const useSignInFigures = () =>
  useFigures('sign-ins', (signal) => api(getDashboardSignIns({ query: { tz }, signal })), maySeePeople);
export const useRequestFigures = () =>
  useFigures('requests', (signal) => api(getDashboardRequests({ signal })), maySeeServer);
export const useProcessFigures = () =>
  useFigures('process', (signal) => api(getDashboardProcess({ signal })), maySeeServer);
