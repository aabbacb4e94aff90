import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readUserAgent } from './user-agent.ts';

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit';
const ANDROID = 'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko)';
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const IPAD = 'Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';

const KNOWN: readonly (readonly [userAgent: string, browser: string | null, os: string | null, kind: string])[] = [
  [`${WINDOWS} Chrome/143.0.0.0 Safari/537.36`, 'Chrome 143', 'Windows', 'desktop'],
  [`${WINDOWS} Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0`, 'Edge 143', 'Windows', 'desktop'],
  [`${WINDOWS} Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0`, 'Opera 124', 'Windows', 'desktop'],
  [`${WINDOWS} Chrome/134.0 Safari/537.36 QQBrowser/19.4.6`, 'QQ Browser 19', 'Windows', 'desktop'],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0',
    'Firefox 145',
    'Windows',
    'desktop',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko',
    'Internet Explorer 11',
    'Windows',
    'desktop',
  ],
  [`${MAC}/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15`, 'Safari 26', 'macOS', 'desktop'],
  [`${MAC}/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36`, 'Chrome 143', 'macOS', 'desktop'],
  ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/143.0.0.0', 'Chrome 143', 'Linux', 'desktop'],
  ['Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/143.0 Safari/537.36', 'Chrome 143', 'ChromeOS', 'desktop'],
  [`${ANDROID} Chrome/143.0.0.0 Mobile Safari/537.36`, 'Chrome 143', 'Android 15', 'mobile'],
  [`${ANDROID} Chrome/143.0.0.0 Safari/537.36`, 'Chrome 143', 'Android 15', 'tablet'],
  [
    `${ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet 28',
    'Android 15',
    'mobile',
  ],
  [`${ANDROID} Chrome/130.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.60.2840`, 'WeChat 8', 'Android 15', 'mobile'],
  [`${IPHONE} Version/18.3 Mobile/15E148 Safari/604.1`, 'Safari 18', 'iOS 18', 'mobile'],
  [`${IPHONE} CriOS/143.0.0.0 Mobile/15E148 Safari/604.1`, 'Chrome 143', 'iOS 18', 'mobile'],
  [`${IPHONE} FxiOS/145.0 Mobile/15E148 Safari/605.1.15`, 'Firefox 145', 'iOS 18', 'mobile'],
  [`${IPHONE} Mobile/15E148 MicroMessenger/8.0.60`, 'WeChat 8', 'iOS 18', 'mobile'],
  [`${IPAD} Version/17.5 Mobile/15E148 Safari/604.1`, 'Safari 17', 'iPadOS 17', 'tablet'],
  [
    'Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 Chrome/114.0 Safari/537.36 ArkWeb/4.1 Mobile HuaweiBrowser/5.0',
    'Huawei Browser 5',
    'HarmonyOS 5',
    'mobile',
  ],
  ['curl/8.11.0', 'curl 8', null, 'program'],
  ['python-requests/2.32.3', 'python-requests 2', null, 'program'],
  ['node', 'node', null, 'program'],
  ['Dart/3.5 (dart:io)', 'Dart 3', null, 'program'],
  ['something of my own', null, null, 'unknown'],
  ['', null, null, 'unknown'],
];

describe('a user agent', () => {
  for (const [userAgent, browser, os, kind] of KNOWN) {
    test(`${browser ?? 'nothing'} on ${os ?? 'nothing'} (${kind}): ${userAgent.slice(-40)}`, () => {
      assert.deepEqual(readUserAgent(userAgent), { browser, os, kind });
    });
  }

  test('that is missing or hostile is read in bounded time into bounded text', () => {
    assert.deepEqual(readUserAgent(null), { browser: null, os: null, kind: 'unknown' });
    for (const hostile of ['Chrome/'.repeat(10_000), `iPhone${' OS '.repeat(5000)}`, `Version/${'1'.repeat(9999)}`]) {
      const { browser, os } = readUserAgent(hostile);
      assert.ok((browser ?? '').length <= 50 && (os ?? '').length <= 50, hostile.slice(0, 20));
    }
    const long = readUserAgent(`Chrome/${'9'.repeat(400)}`);
    assert.ok((long.browser ?? '').length <= 50);
  });
});
