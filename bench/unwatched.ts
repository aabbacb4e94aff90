import { Counter, Durations, Metrics } from '../server/core/metrics.ts';
import { RequestStats } from '../server/core/request-stats.ts';

// The program as it would be if nobody had made it count anything; for comparison alone.
const nothing = () => undefined;
Metrics.prototype.request = nothing;
Durations.prototype.add = nothing;
Counter.prototype.add = nothing;
RequestStats.prototype.add = nothing;
await import('../server/main.ts');
