import { useQuery } from '@tanstack/vue-query';
import { computed } from 'vue';
import { getUsersMeTasks, getUsersMeTasksByIdFile, postUsersMeTasksByIdCancel } from '@/api/gen/index.ts';
import { toastError } from '@/ui/feedback.ts';
import { api } from './api.ts';
import { session } from './session.ts';

const SHOWN = 8;
const ACTIVE_REFRESH_MS = 3000;
const isActive = ({ state }: { state: string }) => state === 'queued' || state === 'running';

/** The last tasks that the person has queued at the service; live events say when to read them again. */
export function useOwnTasks() {
  const own = useQuery({
    queryKey: ['own-tasks'],
    queryFn: ({ signal }) => api(getUsersMeTasks({ query: { page_size: SHOWN, order_by: '-id' }, signal })),
    enabled: computed(() => session.state === 'signed-in' && !session.mustChangePassword),
    // Progress is passing word, and none comes while the stream is away.
    refetchInterval: ({ state }) => (state.data?.items.some(isActive) ? ACTIVE_REFRESH_MS : false),
  });
  const active = computed(() => own.data.value?.items.filter(isActive).length ?? 0);
  async function cancel(id: number): Promise<void> {
    try {
      await api(postUsersMeTasksByIdCancel({ path: { id } }));
    } catch (error) {
      toastError(error);
    }
    await own.refetch();
  }
  const fetchFile = async (id: number) => (await getUsersMeTasksByIdFile({ path: { id }, parseAs: 'blob' })).data;
  return { own, active, cancel, fetchFile };
}
