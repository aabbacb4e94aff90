import { shallowRef } from 'vue';
import { deleteAuthViewAs, postUsersByIdViewAs } from '@/api/gen/index.ts';
import { api } from './api.ts';
import { t } from './i18n.ts';
import { holdPreferences } from './preferences.ts';
import { router } from './router.ts';
import { changePerson, loadMe } from './session.ts';

/** Somebody else's eyes, in this tab alone and until it is loaded anew: nothing can be changed with them. */
export interface View {
  readonly name: string;
  /** When it ends by itself, ISO 8601. */
  readonly until: string;
}

/** Null while the person is themselves. */
export const view = shallowRef<View | null>(null);

let own: {
  readonly token: string | null;
  readonly path: string;
  readonly timer: ReturnType<typeof setTimeout>;
} | null = null;
const tokensOfViews = new Set<string>();
/** Whether a request was sent in a view, which may be over. */
export const isOfView = (token: string | null): boolean => token !== null && tokensOfViews.has(token);

/** Shows the console as another user sees it. Throws ApiError. */
export async function viewAs(userId: number): Promise<void> {
  const { access_token: token, expires_in: seconds, user } = await api(postUsersByIdViewAs({ path: { id: userId } }));
  await holdPreferences();
  const path = router.currentRoute.value.fullPath;
  const timer = setTimeout(viewIsOver, seconds * 1000);
  view.value = { name: user.name ?? user.username, until: new Date(Date.now() + seconds * 1000).toISOString() };
  tokensOfViews.add(token);
  own = { token: changePerson(token), path, timer };
  try {
    await router.replace('/');
    await loadMe();
  } catch (error) {
    await returnToOneself();
    throw error;
  }
}

/** Ends the view, and leads back to the page where it began: when that cannot be shown now, by loading the console anew. */
export async function returnToOneself(): Promise<void> {
  const before = own;
  if (!before) return;
  own = null;
  clearTimeout(before.timer);
  // When it has ended meanwhile there is nothing left to end.
  await api(deleteAuthViewAs()).catch(() => undefined);
  view.value = null;
  changePerson(before.token);
  try {
    await router.replace(before.path);
    await loadMe();
  } catch {
    // The page of the view is gone, and nothing is known of the own one: the cookie brings all of it.
    location.reload();
  }
}

/** The service shows nothing in this view any more: its time is over, or somebody's rights have changed. */
export async function viewIsOver(): Promise<void> {
  if (!own) return;
  await returnToOneself();
  const { toast } = await import('@/ui/feedback.ts');
  toast(t('viewAs.over'), 'warning');
}
