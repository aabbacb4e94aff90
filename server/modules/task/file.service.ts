import type { Context } from '#core/context.ts';
import { safeFileName } from '#core/file.ts';
import type { TaskFile } from '#core/task.ts';
import type * as claim from './claim.crud.ts';
import * as crud from './file.crud.ts';
import { inParts } from './file-parts.ts';

const MEDIA_TYPE = /^[\w.+-]{1,60}\/[\w.+-]{1,60}(; ?charset=[\w-]{1,20})?$/;
const MOST_TYPE_CHARACTERS = 100;

/** What the end of a run says of the file that it has left; all null for none. */
export interface FileColumns {
  readonly file_name: string | null;
  readonly file_type: string | null;
  readonly file_bytes: number | null;
  readonly file_token: string | null;
}

const NO_FILE: FileColumns = { file_name: null, file_type: null, file_bytes: null, file_token: null };

/** The file of one run: written part by part while the run goes on, under the token of its lease, which nobody else ever has. */
export class RunFile {
  readonly #ctx: Context;
  readonly #task: claim.TakenTask;
  readonly #signal: AbortSignal;
  #leaving: Promise<FileColumns> | null = null;
  #isDiscarded = false;

  constructor(ctx: Context, task: claim.TakenTask, signal: AbortSignal) {
    this.#ctx = ctx;
    this.#task = task;
    this.#signal = signal;
  }

  leave(file: TaskFile): Promise<void> {
    if (this.#leaving) return Promise.reject(new Error('a run leaves at most one file'));
    this.#leaving = this.#write(file);
    const left = this.#leaving.then(() => undefined);
    // A handler that does not wait for it hears of a failure at the end of its run.
    left.catch(() => undefined);
    return left;
  }

  /** What the run has left, once it is written. Throws what went wrong with it. */
  async columns(): Promise<FileColumns> {
    return (await this.#leaving) ?? NO_FILE;
  }

  /** Takes back what was written, for a run that does not end well. What stays all the same is pruned. */
  async discard(): Promise<void> {
    if (!this.#leaving) return;
    this.#isDiscarded = true;
    try {
      await crud.deleteParts(this.#ctx, this.#task.id, this.#token);
    } catch (error) {
      this.#ctx.log.warn({ err: error, taskId: this.#task.id }, 'the file of a run could not be taken back yet');
    }
  }

  get #token(): string {
    return this.#task.lease_token as string;
  }

  async #write({ name, type, content }: TaskFile): Promise<FileColumns> {
    if (!MEDIA_TYPE.test(type) || type.length > MOST_TYPE_CHARACTERS) throw new Error(`${type} is no media type`);
    const { TASK_FILE_MAX_MB: most } = this.#ctx.settings;
    let bytes = 0;
    let parts = 0;
    for await (const part of inParts(content)) {
      this.#signal.throwIfAborted();
      if (this.#isDiscarded) throw new Error('the run has ended');
      bytes += part.length;
      if (bytes > most * 1024 * 1024) throw new Error(`the file is larger than ${most} MB (TASK_FILE_MAX_MB)`);
      await crud.insertPart(this.#ctx, this.#task.id, this.#token, parts, part);
      parts += 1;
    }
    return { file_name: safeFileName(name), file_type: type, file_bytes: bytes, file_token: this.#token };
  }
}

/** The bytes of a file, one part in memory at a time. Throws when it is pruned meanwhile, so that half a file never looks whole. */
export async function* readParts(ctx: Context, taskId: number, token: string, bytes: number): AsyncGenerator<Buffer> {
  let read = 0;
  for (let part = 0; read < bytes; part++) {
    const row = await crud.findPart(ctx, taskId, token, part);
    if (!row) throw new Error(`part ${part} of the file of task ${taskId} is gone`);
    read += row.content.byteLength;
    yield Buffer.from(row.content);
  }
}

const LEFTOVERS_AT_ONCE = 100;

/** Deletes what runs have written that did not end well, such as those of a process that died. */
export async function pruneLeftovers(ctx: Context, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const leftovers = await crud.listLeftovers(ctx, LEFTOVERS_AT_ONCE);
    for (const { task_id: taskId, token } of leftovers) await crud.deleteParts(ctx, taskId, token);
    if (leftovers.length === 0 || signal?.aborted) return;
  }
}
