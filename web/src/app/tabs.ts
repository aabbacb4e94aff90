import { reactive, watch } from 'vue';
import type { RouteLocationNormalizedLoaded } from 'vue-router';
import { prefer, preferences } from './preferences.ts';

/** An open page; `path` names it, `fullPath` keeps its filters and its page of the list. */
export interface Tab {
  readonly path: string;
  fullPath: string;
}

const KEY = 'tabs';
const MOST = 12;
const MOST_CHARACTERS = 200;
export const tabs = reactive<Tab[]>(readTabs());

watch(tabs, () => {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(tabs));
  } catch {
    // Without storage the tabs are gone after a reload.
  }
});
watch(
  () => tabs.map(({ path }) => path),
  (open, before) => {
    if (open.length > 0 && open.join() !== before.join())
      prefer({ tabs: open.filter((path) => path.length <= MOST_CHARACTERS) });
  },
);

/** In a window without tabs: those that the person left open last. */
export function restoreTabs(): void {
  if (tabs.length === 0) tabs.push(...preferences.tabs.map((path) => ({ path, fullPath: path })));
}

/** Closes all of them, for whoever signs in next. */
export const forgetTabs = () => {
  tabs.splice(0);
};

export function openTab({ path, fullPath }: RouteLocationNormalizedLoaded): void {
  // The root only leads on to the first page.
  if (path === '/') return;
  const open = tabs.find((tab) => tab.path === path);
  if (open) open.fullPath = fullPath;
  else tabs.push({ path, fullPath });
  if (tabs.length > MOST) tabs.splice(0, tabs.length - MOST);
}

/** Closes a tab and names the one to show instead when it was the open one. */
export function closeTab(path: string, isOpen: boolean): string | null {
  const index = tabs.findIndex((tab) => tab.path === path);
  if (index < 0) return null;
  tabs.splice(index, 1);
  return isOpen ? (tabs[Math.min(index, tabs.length - 1)]?.fullPath ?? '/') : null;
}

export function closeOthers(path: string): void {
  for (let index = tabs.length - 1; index >= 0; index--) if (tabs[index]?.path !== path) tabs.splice(index, 1);
}

function readTabs(): Tab[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    if (!Array.isArray(kept)) return [];
    return kept.filter(
      (tab): tab is Tab =>
        typeof tab?.path === 'string' && tab.path.startsWith('/') && String(tab.fullPath).startsWith(tab.path),
    );
  } catch {
    return [];
  }
}
