import { join } from 'node:path';

/** Where compiled code is kept between starts: of this checkout alone, because whoever may write there may run what they like. */
export const compiledFolder = join(import.meta.dirname, '../node_modules/.cache/compiled');
