import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadConfig } from '#config';
import { openDatabase } from '#extensions/database/index.ts';
import { openLog } from '#extensions/log.ts';
import { entities } from '#modules/index.ts';
import { buildApp } from '../app.ts';

/** Where the document is kept: its diff is the review of the API. */
export const DOCUMENT_FILE = resolve(import.meta.dirname, '../../docs/openapi.json');

/** The OpenAPI document of the program as text; builds the program on a database in memory that nothing is read from. */
export async function openApiText(): Promise<string> {
  const config = loadConfig({ APP_ENV: 'testing', DATABASE_URL: 'sqlite::memory:' });
  const database = await openDatabase(
    { url: config.DATABASE_URL, poolMin: 0, poolMax: 1, acquireTimeoutMs: config.DATABASE_TIMEOUT_MS },
    entities,
  );
  const { app } = await buildApp({ config, database, log: openLog({ level: 'silent', pretty: false }) });
  try {
    await app.ready();
    return `${JSON.stringify(app.swagger(), null, 2)}\n`;
  } finally {
    await app.close();
    await database.close();
  }
}

if (import.meta.main) {
  const text = await openApiText();
  mkdirSync(resolve(DOCUMENT_FILE, '..'), { recursive: true });
  writeFileSync(DOCUMENT_FILE, text);
  console.log(`docs/openapi.json: ${text.length} characters`);
}
