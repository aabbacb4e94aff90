export const DEVICE_KINDS = ['desktop', 'mobile', 'tablet', 'program', 'unknown'] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/** What a user agent says of the device somebody signs in from; null for what it does not say. */
export interface Device {
  readonly browser: string | null;
  readonly os: string | null;
  readonly kind: DeviceKind;
}

/** In this order: most browsers also claim to be those below them. */
const BROWSERS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['WeChat', /MicroMessenger\/(\d+)/],
  ['DingTalk', /DingTalk\/(\d+)/],
  ['Feishu', /(?:Feishu|Lark)\/(\d+)/],
  ['QQ Browser', /M?QQBrowser\/(\d+)/],
  ['UC Browser', /UC?Browser\/(\d+)/],
  ['Huawei Browser', /HuaweiBrowser\/(\d+)/],
  ['Mi Browser', /MiuiBrowser\/(\d+)/],
  ['Samsung Internet', /SamsungBrowser\/(\d+)/],
  ['Yandex', /YaBrowser\/(\d+)/],
  ['Vivaldi', /Vivaldi\/(\d+)/],
  ['Opera', /(?:OPR|OPX|OPiOS|Opera)\/(\d+)/],
  ['Edge', /Edg(?:e|A|iOS)?\/(\d+)/],
  ['Firefox', /(?:Firefox|FxiOS)\/(\d+)/],
  ['Chrome', /(?:HeadlessChrome|Chrome|CriOS)\/(\d+)/],
  ['Safari', /Version\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari\//],
  ['Internet Explorer', /(?:MSIE |Trident\/.*rv:)(\d+)/],
];

/** Versions only where they mean something: browsers have frozen those of Windows and macOS. */
const SYSTEMS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['HarmonyOS', /(?:HarmonyOS|OpenHarmony)[ /]?(\d+)?/],
  ['Android', /Android (\d+)/],
  ['Android', /Android/],
  ['iOS', /(?:iPhone|iPod).*? OS (\d+)_/],
  ['iPadOS', /iPad.*? OS (\d+)_/],
  ['Windows', /Windows/],
  ['macOS', /Macintosh|Mac OS X/],
  ['ChromeOS', /CrOS/],
  ['Linux', /Linux|X11/],
];

/** Programs name themselves first, and are no browser. */
const PROGRAM =
  /^(curl|Wget|okhttp|python-requests|python-httpx|aiohttp|Go-http-client|axios|node-fetch|node|undici|PostmanRuntime|insomnia|Java|Apache-HttpClient|Dart|HTTPie|Bruno|PowerShell|lightMyRequest)(?:\/(\d+))?/i;

/** Reads a user agent: name and major version of the browser, the system, the kind of device. Nothing in it is ever believed, only shown. */
export function readUserAgent(userAgent: string | null): Device {
  if (!userAgent) return { browser: null, os: null, kind: 'unknown' };
  const text = userAgent.slice(0, 512);
  const program = PROGRAM.exec(text);
  if (program) return { browser: versioned(program[1] as string, program[2]), os: null, kind: 'program' };
  const browser = firstOf(BROWSERS, text);
  const os = firstOf(SYSTEMS, text);
  return { browser, os, kind: kindOf(text, browser, os) };
}

function kindOf(text: string, browser: string | null, os: string | null): DeviceKind {
  if (/iPad|Tablet|PlayBook|Silk(?!.*Mobile)/.test(text)) return 'tablet';
  if (/Mobile|iPhone|iPod/.test(text)) return 'mobile';
  if (os?.startsWith('Android')) return 'tablet';
  return browser || os ? 'desktop' : 'unknown';
}

function firstOf(patterns: readonly (readonly [name: string, pattern: RegExp])[], text: string): string | null {
  for (const [name, pattern] of patterns) {
    const found = pattern.exec(text);
    if (found) return versioned(name, found[1]);
  }
  return null;
}

const versioned = (name: string, version: string | undefined) => (version ? `${name} ${version.slice(0, 6)}` : name);
