import type { Task, TaskDetail } from '@/api/gen/index.ts';
import {
  getJobRuns,
  getJobRunsById,
  getJobRunsByIdFile,
  getJobRunsByIdLog,
  getJobRunsDays,
  getTasks,
  getTasksById,
  getTasksByIdFile,
  getTasksByIdLog,
  getTasksDays,
  postJobRunsByIdCancel,
  postJobRunsByIdRetry,
  postTasksByIdCancel,
  postTasksByIdRetry,
} from '@/api/gen/index.ts';
import type { GetTasksData } from '@/api/gen/types.gen.ts';
import type { Permission } from '@/api/permissions.gen.ts';
import { api } from '@/app/api.ts';

export type TaskQuery = NonNullable<GetTasksData['query']>;
const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Where tasks are read and changed: the whole queue, or the runs of jobs alone. Each has its own addresses and permissions. */
export interface TaskView {
  readonly name: 'tasks' | 'job-runs';
  readonly cancelPermission: Permission;
  readonly retryPermission: Permission;
  list(query: TaskQuery, signal: AbortSignal): Promise<{ items: Task[]; total: number }>;
  read(id: number, signal: AbortSignal): Promise<TaskDetail>;
  log(id: number, after: number, signal: AbortSignal): ReturnType<typeof readLog>;
  file(id: number): Promise<Blob>;
  days(jobId: number | undefined, signal: AbortSignal): ReturnType<typeof readDays>;
  cancel(id: number): Promise<unknown>;
  retry(id: number): Promise<unknown>;
}

const LINES_AT_ONCE = 500;
const readLog = (id: number, after: number, signal: AbortSignal) =>
  api(getTasksByIdLog({ path: { id }, query: { after, limit: LINES_AT_ONCE }, signal }));
const readDays = (job_id: number | undefined, signal: AbortSignal) =>
  api(getTasksDays({ query: { timezone, ...(job_id !== undefined && { job_id }) }, signal }));

export const queueView: TaskView = {
  name: 'tasks',
  cancelPermission: 'monitor:task:cancel',
  retryPermission: 'monitor:task:retry',
  list: (query, signal) => api(getTasks({ query, signal })),
  read: (id, signal) => api(getTasksById({ path: { id }, signal })),
  log: readLog,
  file: async (id) => (await getTasksByIdFile({ path: { id }, parseAs: 'blob' })).data,
  days: readDays,
  cancel: (id) => api(postTasksByIdCancel({ path: { id } })),
  retry: (id) => api(postTasksByIdRetry({ path: { id } })),
};

export const runsView: TaskView = {
  name: 'job-runs',
  cancelPermission: 'monitor:job:run',
  retryPermission: 'monitor:job:run',
  list: (query, signal) => api(getJobRuns({ query, signal })),
  read: (id, signal) => api(getJobRunsById({ path: { id }, signal })),
  log: (id, after, signal) => api(getJobRunsByIdLog({ path: { id }, query: { after, limit: LINES_AT_ONCE }, signal })),
  file: async (id) => (await getJobRunsByIdFile({ path: { id }, parseAs: 'blob' })).data,
  days: (job_id, signal) =>
    api(getJobRunsDays({ query: { timezone, ...(job_id !== undefined && { job_id }) }, signal })),
  cancel: (id) => api(postJobRunsByIdCancel({ path: { id } })),
  retry: (id) => api(postJobRunsByIdRetry({ path: { id } })),
};

export const isActive = ({ state }: Pick<Task, 'state'>) => state === 'queued' || state === 'running';
export const isRetryable = ({ state }: Pick<Task, 'state'>) => state === 'failed' || state === 'cancelled';
