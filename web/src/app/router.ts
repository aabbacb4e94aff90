import { createRouter, createWebHistory, type LocationQuery, type RouteLocationRaw } from 'vue-router';
import { handleHotUpdate, routes } from 'vue-router/auto-routes';
import type { Permission } from '@/api/permissions.gen.ts';
import { arrivalIn, signedInWith } from '@/outside/providers.ts';
import type { MessageKey } from './i18n.ts';
import { isFetchingInBackground } from './lazy.ts';
import { session, start } from './session.ts';

declare module 'vue-router' {
  interface RouteMeta {
    /** What the tab and the window say. */
    title?: MessageKey;
    /** What the page needs; without it the page shows that it may not be seen, under its own address. */
    permission?: Permission;
    /** `blank` pages stand alone, without navigation. */
    layout?: 'blank';
    /** Open to people who are not signed in. */
    isPublic?: boolean;
  }
}

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});

router.beforeEach(async (to) => {
  if (session.state === 'unknown') await start();
  if (session.state === 'signed-out') {
    return to.meta.isPublic ? true : { path: '/login', query: to.fullPath === '/' ? {} : { r: to.fullPath } };
  }
  const first = firstPage();
  if (first && to.path !== first) return { path: first };
  if (to.path === '/login') return arrivedAgain(to.query) ?? returnPath(to.query['r']);
  return true;
});

/** Whoever comes back from a provider may have been signed in all along, or may have wanted to link an account. */
function arrivedAgain(query: LocationQuery): RouteLocationRaw | null {
  const arrival = arrivalIn(query);
  if (arrival?.state === 'session') signedInWith.set(arrival.provider);
  return arrival?.failed ? { path: '/profile', query: { link_failed: arrival.failed } } : null;
}

/** The one page that is open to somebody who has to do something first. */
export function firstPage(): string | null {
  if (session.mustChangePassword) return '/change-password';
  return session.mustEnrolFactor ? '/second-factor' : null;
}

/** Where to go after signing in: a path of this site, never another site (an open redirect). */
export function returnPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/')) return '/';
  const url = new URL(wanted, location.origin);
  // Dots resolve: `/..//elsewhere` would end as another site.
  const isHere = url.origin === location.origin && !url.pathname.startsWith('//');
  return isHere ? url.pathname + url.search + url.hash : '/';
}

// A page of an older build is gone after an update: its address, loaded anew, brings the new one. Once, or it would never end.
window.addEventListener('vite:preloadError', (event) => {
  const { searchParams } = new URL(location.href);
  if (searchParams.has('updated') || isFetchingInBackground()) return;
  event.preventDefault();
  const target = new URL(router.resolve(pending ?? location.pathname + location.search).href, location.origin);
  target.searchParams.set('updated', '1');
  location.assign(target);
});
let pending: string | null = null;
router.beforeEach((to) => {
  pending = to.fullPath;
});
// One that a later one has overtaken ends too, while the later one goes on.
router.afterEach((to) => {
  if (pending === to.fullPath) pending = null;
});

if (import.meta.hot) handleHotUpdate(router);
