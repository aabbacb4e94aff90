import { computed, ref, shallowReactive } from 'vue';
import type messages from '@/locales/zh-CN/index.ts';

export type Locale = 'zh-CN' | 'en-US';
export const LOCALES: readonly Locale[] = ['zh-CN', 'en-US'];

export type Messages = typeof messages;

type Paths<T> = { [K in keyof T & string]: T[K] extends string ? K : `${K}.${Paths<T[K]>}` }[keyof T & string];
/** Every text of the console by its path, such as `users.title`. A key that does not exist does not compile. */
export type MessageKey = Paths<Messages>;

const loaders = {
  'zh-CN': () => import('@/locales/zh-CN/index.ts'),
  'en-US': () => import('@/locales/en-US/index.ts'),
} satisfies Record<Locale, () => Promise<{ default: Messages; elementPlus: object }>>;

const current = ref(document.documentElement.lang as Locale);
/** The languages that have been loaded: every text by its whole key, and the texts of Element Plus. */
const loaded = shallowReactive(new Map<Locale, { texts: ReadonlyMap<string, string>; kit: object }>());

type Tree = { readonly [key: string]: string | Tree };

function flat(tree: Tree, path = ''): [key: string, text: string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[path + key, value]] : flat(value, `${path}${key}.`),
  );
}

export const locale = computed<Locale>(() => current.value);
/** The texts of Element Plus in the language of the console. */
export const elementPlusLocale = computed(() => loaded.get(current.value)?.kit);

/** Loads a language and shows it. */
export async function showLocale(wanted: Locale): Promise<void> {
  if (!loaded.has(wanted)) {
    const { default: messages, elementPlus } = await loaders[wanted]();
    loaded.set(wanted, { texts: new Map(flat(messages)), kit: elementPlus });
  }
  current.value = wanted;
  document.documentElement.lang = wanted;
  try {
    localStorage.setItem('locale', wanted);
  } catch {
    // A browser that keeps nothing still shows the language.
  }
}

/** A text of the console in the present language; `values` fill its `{places}`. */
export function t(key: MessageKey, values?: Readonly<Record<string, string | number>>): string {
  const text = loaded.get(current.value)?.texts.get(key) ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place)) : text;
}

const times = computed(() => new Intl.DateTimeFormat(current.value, { dateStyle: 'medium', timeStyle: 'short' }));
const instants = computed(() => new Intl.DateTimeFormat(current.value, { dateStyle: 'medium', timeStyle: 'medium' }));
const exactTimes = computed(() => new Intl.DateTimeFormat(current.value, { dateStyle: 'full', timeStyle: 'long' }));
const days = computed(() => new Intl.DateTimeFormat(current.value, { month: 'numeric', day: 'numeric' }));
const hours = computed(
  () => new Intl.DateTimeFormat(current.value, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
);
const clocks = computed(() => new Intl.DateTimeFormat(current.value, { timeStyle: 'medium' }));
const fineClocks = computed(
  () =>
    new Intl.DateTimeFormat(current.value, {
      ...({ hour: '2-digit', minute: '2-digit', second: '2-digit' } as const),
      fractionalSecondDigits: 3,
      hourCycle: 'h23',
    }),
);
const numbers = computed(() => new Intl.NumberFormat(current.value));

/** A moment of the service (ISO 8601, UTC) in the reader's time zone. */
export const formatTime = (moment: string) => times.value.format(new Date(moment));
/** The same to the second, for what follows another closely. */
export const formatInstant = (moment: string) => instants.value.format(new Date(moment));
/** The same with the day of the week and the zone. */
export const formatExactTime = (moment: string) => exactTimes.value.format(new Date(moment));
export const formatDay = (moment: string) => days.value.format(new Date(moment));
export const formatHour = (moment: string) => hours.value.format(new Date(moment));
/** The time of day of a moment in milliseconds, to the second. */
export const formatClock = (at: number) => clocks.value.format(at);
/** The time of day of a moment of the service, to the millisecond: for the lines of a log. */
export const formatFineClock = (moment: string) => fineClocks.value.format(new Date(moment));
export const formatNumber = (value: number) => numbers.value.format(value);
