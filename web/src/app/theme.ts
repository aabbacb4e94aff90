import { computed, ref } from 'vue';

export type Theme = 'auto' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

const system = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = ref(system.matches);
const chosen = ref<Theme>(readTheme());

/** What the person chose; `auto` follows the system. */
export const theme = computed(() => chosen.value);
export const isDark = computed(() => chosen.value === 'dark' || (chosen.value === 'auto' && systemIsDark.value));

system.addEventListener('change', (event) => {
  systemIsDark.value = event.matches;
  apply();
});

export function showTheme(wanted: Theme): void {
  chosen.value = wanted;
  try {
    localStorage.setItem('theme', wanted);
  } catch {
    // A browser that keeps nothing still shows the theme.
  }
  apply();
}

function apply(): void {
  document.documentElement.classList.toggle('dark', isDark.value);
}

function readTheme(): Theme {
  try {
    const kept = localStorage.getItem('theme') as Theme | null;
    return kept && THEMES.includes(kept) ? kept : 'auto';
  } catch {
    return 'auto';
  }
}
