import type { Context } from '#core/context.ts';

// The parts of the files that runs leave.
const whyWrite = 'the program itself keeps what a run leaves, whoever queued it';

export function insertPart(ctx: Context, taskId: number, token: string, part: number, content: Uint8Array) {
  return ctx.unscoped('task_file_parts', whyWrite).insert({ task_id: taskId, token, part, content });
}

export async function deleteParts(ctx: Context, taskId: number, token: string): Promise<void> {
  await ctx
    .unscoped('task_file_parts', whyWrite)
    .delete()
    .where('task_id', '=', taskId)
    .where('token', '=', token)
    .execute();
}

/** Files that no task names and no run is writing: of runs that failed, or whose process died. */
export function listLeftovers(ctx: Context, limit: number) {
  return ctx
    .unscoped('task_file_parts', whyWrite)
    .select()
    .select(['task_id', 'token'])
    .where('part', '=', 0)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('tasks')
            .select('tasks.id')
            .whereRef('tasks.id', '=', 'task_file_parts.task_id')
            .where((task) =>
              task.or([
                task('tasks.file_token', '=', task.ref('task_file_parts.token')),
                task('tasks.lease_token', '=', task.ref('task_file_parts.token')),
              ]),
            ),
        ),
      ),
    )
    .limit(limit)
    .execute();
}

/** One part of the file of a task that the caller was found to see. */
export function findPart(ctx: Context, taskId: number, token: string, part: number) {
  return ctx
    .unscoped('task_file_parts', 'the task itself was found by the caller')
    .select()
    .select('content')
    .where('task_id', '=', taskId)
    .where('token', '=', token)
    .where('part', '=', part)
    .executeTakeFirst();
}
