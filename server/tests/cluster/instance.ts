import { loadConfig } from '#config';
import { start } from '../../start.ts';
import { clusterFeature } from './feature.ts';

// One of several processes on one database; the file is where it says what it has done.
const [, , file = ''] = process.argv;
const { url } = await start(loadConfig(), [clusterFeature(file)]);
process.send?.(url);
// Does not outlive the test.
process.once('disconnect', () => process.exit());
