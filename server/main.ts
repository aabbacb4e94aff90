import { enableCompileCache } from 'node:module';
import { compiledFolder } from './compiled.ts';

// A start reads what an earlier one has compiled, which saves some of its time; where nothing can be written it does without.
enableCompileCache(compiledFolder);
await import('./program.ts');
