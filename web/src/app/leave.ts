import { useEventListener } from '@vueuse/core';
import { onScopeDispose } from 'vue';
import { onBeforeRouteLeave, onBeforeRouteUpdate, type RouteLocationNormalized } from 'vue-router';
import { askToLeave } from '@/ui/feedback.ts';
import { session } from './session.ts';

type Question = () => Promise<boolean>;
const questions = new Set<Question>();

/** Leaves the console by `way`, such as signing out, unless something unsaved on the open page is to be kept. */
export async function leaveBy(way: () => Promise<void>): Promise<void> {
  for (const question of questions) if (!(await question())) return;
  await way();
}

/**
 * Asks before unsaved changes are lost: by leaving the page, by closing the window, by signing out, and by going to a part of the page
 * for which `isSamePart` says no. Returns the question, for buttons that close.
 */
export function useLeaveGuard(
  isDirty: () => boolean,
  isSamePart: (to: RouteLocationNormalized, from: RouteLocationNormalized) => boolean,
): Question {
  // When somebody has signed out, in this tab or another, there is nothing left to stay for.
  const isAtStake = () => isDirty() && session.user !== null;
  const mayLeave = async () => !isAtStake() || (await askToLeave());
  questions.add(mayLeave);
  onScopeDispose(() => questions.delete(mayLeave));
  onBeforeRouteLeave(mayLeave);
  onBeforeRouteUpdate(async (to, from) => (to.path === from.path && isSamePart(to, from)) || (await mayLeave()));
  useEventListener(window, 'beforeunload', (event) => {
    if (isAtStake()) event.preventDefault();
  });
  return mayLeave;
}

/** The same for a part of the page that the address names by `key`. */
export const useUnsavedGuard = (isDirty: { readonly value: boolean }, key: string): Question =>
  useLeaveGuard(
    () => isDirty.value,
    (to, from) => to.query[key] === from.query[key],
  );
