import type { Context } from '#core/context.ts';
import { type Restorer, restoredBy } from '#core/restore.ts';
import { JobUpdate } from './job.schema.ts';
import { triggerWith, updateJob } from './job.service.ts';

const edit = restoredBy('monitor:job:update', JobUpdate, updateJob);
const TRIGGER_COLUMNS = ['trigger_type', 'expression', 'timezone', 'seconds', 'at'];

/** The columns of a trigger are edited together, as one message. */
export const jobRestorers: readonly Restorer[] = [
  {
    ...edit,
    fields: [...edit.fields, ...TRIGGER_COLUMNS],
    async run(ctx: Context, jobId, values, version) {
      const named = Object.entries(values);
      const isColumn = ([name]: [string, unknown]) => TRIGGER_COLUMNS.includes(name);
      const columns = Object.fromEntries(named.filter(isColumn));
      const others = Object.fromEntries(named.filter((entry) => !isColumn(entry)));
      const trigger = Object.keys(columns).length > 0 && { trigger: await triggerWith(ctx, jobId, columns) };
      await edit.run(ctx, jobId, { ...others, ...trigger }, version);
    },
  },
];
