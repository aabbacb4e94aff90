import { defineConfig, mergeConfig } from 'vitest/config';
import viteConfig from './vite.config.ts';

export default mergeConfig(
  viteConfig,
  defineConfig({
    test: {
      environment: 'happy-dom',
      include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
      // Its styles are imported with its components.
      server: { deps: { inline: ['element-plus'] } },
      restoreMocks: true,
      unstubGlobals: true,
    },
  }),
);
