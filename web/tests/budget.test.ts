// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dist, readManifest, weightOf } from './budget.ts';

// Kilobytes of gzip. What a page needs before a person sees it, from the static imports of the build.
const SIGN_IN = 140;
const PAGE = 250;
const CHART_PAGE = 450;
const STYLE = 40;

const manifest = readManifest();
const pages = Object.keys(manifest).filter((name) => /^src\/pages\/(?!(.*\/)?parts\/).*\.vue$/.test(name));
const before = new Set(['src/pages/login.vue', 'src/pages/change-password.vue']);
const withCharts = new Set(['src/pages/dashboard.vue']);

describe('the weight of', () => {
  test('every page is looked at', () => {
    expect(pages).toEqual(expect.arrayContaining([...before, ...withCharts, 'src/pages/system/positions.vue']));
  });

  test.each(pages)('%s stays within its budget', (page) => {
    const { script, style } = weightOf(manifest, page, {
      withLayout: !before.has(page),
      withCharts: withCharts.has(page),
    });
    const limit = before.has(page) ? SIGN_IN : withCharts.has(page) ? CHART_PAGE : PAGE;
    console.log(`${page}: ${script.toFixed(0)} of ${limit} KB script, ${style.toFixed(1)} of ${STYLE} KB style`);
    expect(script).toBeLessThanOrEqual(limit);
    expect(style).toBeLessThanOrEqual(STYLE);
    // A page that weighs nothing was not found.
    expect(script).toBeGreaterThan(50);
  });

  test('what is left out of a sign-in is what the others are charged for (the measure bites)', () => {
    const [light, whole] = [false, true].map((withLayout) => weightOf(manifest, 'src/pages/login.vue', { withLayout }));
    expect(whole?.script).toBeGreaterThan((light?.script ?? 0) + 5);
    const withoutCharts = weightOf(manifest, 'src/pages/dashboard.vue').script;
    expect(weightOf(manifest, 'src/pages/dashboard.vue', { withCharts: true }).script).toBeGreaterThan(
      withoutCharts + 100,
    );
  });
});

test('every text file of the build that is worth it lies there compressed, twice', () => {
  const files = readdirSync(join(dist, 'assets'));
  const heavy = files.filter(
    (file) => /\.(js|css)$/.test(file) && readFileSync(join(dist, 'assets', file)).length >= 1024,
  );
  expect(heavy.length).toBeGreaterThan(10);
  expect(heavy.filter((file) => !files.includes(`${file}.br`) || !files.includes(`${file}.gz`))).toEqual([]);
});

test('index.html has no inline script or style, and asks for nothing from elsewhere', () => {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|style=/);
  for (const [, address = ''] of html.matchAll(/(?:src|href)="([^"]*)"/g)) expect(address).toMatch(/^\/(?!\/)/);
});
