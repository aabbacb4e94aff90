import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createClient } from '@hey-api/openapi-ts';

// Makes the API client and the list of permissions of the console from the document of the API; see `npm run api`. A test makes them
// into another folder, which it names, and compares.
const web = resolve(import.meta.dirname, '..');
const document = join(web, '../docs/openapi.json');
const target = process.argv[2] ?? join(web, 'src/api');

await createClient({
  input: document,
  output: { path: join(target, 'gen') },
  logs: { level: 'error' },
  plugins: [
    { name: '@hey-api/client-fetch', throwOnError: true },
    '@hey-api/typescript',
    { name: '@hey-api/sdk', auth: false },
    { name: '@hey-api/schemas', type: 'json' },
  ],
});

interface Operation {
  readonly 'x-permission'?: string;
}
const { paths } = JSON.parse(readFileSync(document, 'utf8')) as { paths: Record<string, Record<string, Operation>> };
const codes = Object.values(paths).flatMap((operations) =>
  Object.values(operations).flatMap((operation) => operation['x-permission'] ?? []),
);
const union = [...new Set(codes)].sort().map((code) => `\n  | '${code}'`);
writeFileSync(
  join(target, 'permissions.gen.ts'),
  `// Generated from docs/openapi.json by npm run api.\n\n/** Every permission that a route declares. */\nexport type Permission =${union.join('')};\n`,
);
