import { nextTick, reactive, toRaw } from 'vue';
import type { Preferences, PreferencesUpdate } from '@/api/gen/index.ts';
import { getUsersMePreferences, putUsersMePreferences } from '@/api/gen/index.ts';
import { api } from './api.ts';
import { ApiError } from './errors.ts';
import { type Locale, showLocale } from './i18n.ts';
import { showTheme, type Theme } from './theme.ts';

/** How the person likes the console: kept by the service, so that it is the same on every device. */
const DEFAULTS: Preferences = {
  locale: null,
  theme: null,
  density: 'comfortable',
  page_size: 20,
  is_navigation_collapsed: false,
  hidden_columns: {},
  closed_panels: [],
  tabs: [],
};
export const preferences = reactive<Preferences>({ ...DEFAULTS });

/** The sizes a page of a list may have. */
export const PAGE_SIZES = [10, 20, 50, 100, 200] as const;

const WRITE_DELAY_MS = 1200;
let unsaved: PreferencesUpdate = {};
let timer: ReturnType<typeof setTimeout> | undefined;
let isLoaded = false;
/** Chosen before it was known who asks, on the sign-in page. */
let early: PreferencesUpdate = {};

/** The other windows of this browser follow at once. */
const windows = new BroadcastChannel('preferences');
windows.addEventListener('message', ({ data }: MessageEvent<PreferencesUpdate>) => {
  if (isLoaded) void show(data);
});

/** Reads the preferences of the person who has signed in, and shows them. Without them the console is as everybody finds it. */
export async function loadPreferences(): Promise<void> {
  const stored = await api(getUsersMePreferences()).catch(() => null);
  if (!stored) return;
  isLoaded = true;
  await show({ ...stored, ...unsaved, ...early });
  if (Object.keys(early).length > 0) prefer(early);
  early = {};
}

/** Keeps the looks of the console and writes no more, while the person views as somebody else. */
export async function holdPreferences(): Promise<void> {
  await savePreferences();
  isLoaded = false;
  preferences.tabs = [];
}

/** Forgets them, for whoever signs in next. */
export function resetPreferences(): void {
  clearTimeout(timer);
  unsaved = {};
  isLoaded = false;
  // Once the open page is gone: it would read its rows anew.
  void nextTick(() => {
    if (isLoaded) return;
    Object.assign(preferences, DEFAULTS);
    showDensity();
  });
}

async function show(changes: PreferencesUpdate): Promise<void> {
  Object.assign(preferences, changes);
  showDensity();
  if (changes.theme) showTheme(changes.theme);
  if (changes.locale) await showLocale(changes.locale);
}

function showDensity(): void {
  document.documentElement.dataset['density'] = preferences.density;
}

/** Changes some of the preferences; they are written when the person pauses. */
export function prefer(changes: PreferencesUpdate): void {
  Object.assign(preferences, changes);
  showDensity();
  if (!isLoaded) return;
  windows.postMessage(JSON.parse(JSON.stringify(toRaw(changes))));
  unsaved = { ...unsaved, ...changes };
  clearTimeout(timer);
  timer = setTimeout(() => void savePreferences(), WRITE_DELAY_MS);
}

/** Writes what is not written yet. What fails for want of a connection is tried again with the next change. */
export async function savePreferences(): Promise<void> {
  clearTimeout(timer);
  const changes = unsaved;
  if (!isLoaded || Object.keys(changes).length === 0) return;
  unsaved = {};
  try {
    await api(putUsersMePreferences({ body: changes, keepalive: true }));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) unsaved = { ...changes, ...unsaved };
  }
}
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') void savePreferences();
});

/** Shows a language, and remembers it for the person. */
export async function chooseLocale(locale: Locale): Promise<void> {
  await showLocale(locale);
  if (isLoaded) prefer({ locale });
  else early = { ...early, locale };
}

/** Shows a theme, and remembers it for the person. */
export function chooseTheme(theme: Theme): void {
  showTheme(theme);
  prefer({ theme });
}

export function hideColumns(table: string, hidden: string[]): void {
  prefer({ hidden_columns: { ...preferences.hidden_columns, [table]: hidden } });
}

/** Closes the panel at the side of a page, or opens it. */
export function setPanelClosed(page: string, isClosed: boolean): void {
  const others = preferences.closed_panels.filter((one) => one !== page);
  prefer({ closed_panels: isClosed ? [...others, page] : others });
}
