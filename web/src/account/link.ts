import { ref } from 'vue';
import { useRoute, useRouter } from 'vue-router';

/** The secret of the mailed link that led here. It is taken out of the address at once, so that it stays in no history. */
export function useLinkToken() {
  const route = useRoute();
  const router = useRouter();
  const token = ref(new URLSearchParams(route.hash.slice(1)).get('token') ?? '');
  if (route.hash) void router.replace({ hash: '' });
  return token;
}
