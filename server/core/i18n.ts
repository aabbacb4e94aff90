/** The languages every message exists in; the first is the default of an installation. */
export const LOCALES = ['zh-CN', 'en-US'] as const;
export type Locale = (typeof LOCALES)[number];

/** One message in every language. A language that is missing does not compile. Placeholders are written `{name}`. */
export type Text = Readonly<Record<Locale, string>>;
export type TextParams = Readonly<Record<string, string | number>>;

/** Builds a Text from its Chinese and its English wording. */
export function text(chinese: string, english: string): Text {
  return { 'zh-CN': chinese, 'en-US': english };
}

/** Renders a Text in one language; a placeholder without a value stays as it is. */
export function translate(message: Text, locale: Locale, params?: TextParams): string {
  const template = message[locale];
  if (!params) return template;
  return template.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(params[name] ?? placeholder));
}

/**
 * Picks the best language for an `Accept-Language` header (RFC 9110 §12.5.4), by its weights and primary tags.
 * Returns `fallback` when nothing matches.
 */
export function negotiateLocale(header: string | undefined, fallback: Locale): Locale {
  if (!header) return fallback;
  const question = `${fallback} ${header}`;
  const known = negotiated.get(question);
  if (known) return known;
  const locale = bestLocale(header, fallback);
  if (negotiated.size >= MOST_NEGOTIATED) negotiated.clear();
  if (header.length <= 200) negotiated.set(question, locale);
  return locale;
}

/** Browsers send one of a handful of headers again and again; anybody can send any other, so few are remembered. */
const negotiated = new Map<string, Locale>();
const MOST_NEGOTIATED = 500;

function bestLocale(header: string, fallback: Locale): Locale {
  let best: Locale | undefined;
  let bestWeight = 0;
  for (const part of header.slice(0, 200).split(',')) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
    const weightText = parameters.find((parameter) => parameter.trim().startsWith('q='));
    const weight = weightText ? Number(weightText.trim().slice(2)) : 1;
    const locale = tag === '*' ? fallback : LOCALES.find((candidate) => candidate.slice(0, 2) === tag.slice(0, 2));
    if (locale && weight > bestWeight) {
      best = locale;
      bestWeight = weight;
    }
  }
  return best ?? fallback;
}
