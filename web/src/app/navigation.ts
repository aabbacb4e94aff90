import { computed, reactive, watch } from 'vue';
import type { RouteLocationNormalizedLoaded } from 'vue-router';
import type { UserMenu } from '@/api/gen/index.ts';
import { t } from './i18n.ts';
import { menus, session } from './session.ts';

/** A page of the navigation with the directories above it. */
export interface Place {
  readonly menu: UserMenu;
  readonly above: readonly UserMenu[];
}

/** Where a menu row leads: a page of the console, an embedded page, or another site. */
export function targetOf(menu: UserMenu): string | null {
  if (menu.kind === 'link') return menu.link;
  if (menu.kind === 'embedded') return `/embedded/${menu.name}`;
  return menu.path;
}

function placesIn(nodes: readonly UserMenu[], above: readonly UserMenu[]): Place[] {
  return nodes.flatMap((menu) =>
    menu.kind === 'directory'
      ? placesIn(menu.children, [...above, menu])
      : menu.kind === 'button'
        ? []
        : [{ menu, above }],
  );
}

/** Every page the person may open, in the order of the navigation. */
export const places = computed(() => placesIn(menus.value, []));

export const placeOf = (path: string): Place | undefined => places.value.find(({ menu }) => targetOf(menu) === path);

/** The page of the navigation that a page belongs to: itself, else the nearest above it by address (`/system/roles` for `/system/roles/4`). */
export function nearestPlace(path: string): Place | undefined {
  for (let at = path; at; at = at.slice(0, at.lastIndexOf('/'))) {
    const place = placeOf(at);
    if (place) return place;
  }
  return undefined;
}

const TITLES = 'titles';
const MOST_TITLES = 50;
const ownTitles = reactive(readTitles());
/** Names the page of one record after the record; kept as long as the tabs are. */
export function setTitle(path: string, title: string): void {
  ownTitles.delete(path);
  ownTitles.set(path, title);
  try {
    sessionStorage.setItem(TITLES, JSON.stringify([...ownTitles].slice(-MOST_TITLES)));
  } catch {
    // Without storage a tab is called by its kind until it is opened again.
  }
}

// Names are of no concern to whoever signs in next.
watch(
  () => session.state,
  (state) => {
    if (state !== 'signed-out') return;
    ownTitles.clear();
    try {
      sessionStorage.removeItem(TITLES);
    } catch {
      // Nothing was kept.
    }
  },
);

function readTitles(): Map<string, string> {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(TITLES) ?? '[]');
    return new Map(
      Array.isArray(kept)
        ? kept.filter((one) => one?.length === 2 && one.every((part: unknown) => typeof part === 'string'))
        : [],
    );
  } catch {
    return new Map();
  }
}

/** What a page is called: by its menu row, else by its record, else by the page itself. */
export function titleOf(path: string, route?: Pick<RouteLocationNormalizedLoaded, 'meta'>): string {
  return placeOf(path)?.menu.title ?? ownTitles.get(path) ?? (route?.meta.title ? t(route.meta.title) : path);
}
