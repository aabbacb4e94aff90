import { computed, reactive } from 'vue';
import { messageOf } from './errors.ts';

/** Work that goes on while the person goes on: an export, an upload. */
export interface Task {
  readonly id: number;
  readonly title: string;
  state: 'running' | 'done' | 'failed';
  /** 0 to 1, or null while nobody can tell. */
  progress: number | null;
  error: string | null;
  /** A file to save, once it is done. */
  file: { readonly name: string; readonly url: string } | null;
}

let last = 0;
export const tasks = reactive<Task[]>([]);
export const runningTasks = computed(() => tasks.filter((task) => task.state === 'running').length);

/** Runs work in the task tray; a file that it gives can be saved there, and is offered at once. */
export async function runTask(
  title: string,
  work: () => Promise<{ name: string; content: Blob } | null>,
): Promise<void> {
  last += 1;
  tasks.unshift({ id: last, title, state: 'running', progress: null, error: null, file: null });
  const task = tasks[0] as Task;
  try {
    const file = await work();
    if (file) {
      task.file = { name: file.name, url: URL.createObjectURL(file.content) };
      saveFile(task.file);
    }
    task.state = 'done';
  } catch (error) {
    task.state = 'failed';
    task.error = messageOf(error);
  }
}

export function saveFile(file: { name: string; url: string }): void {
  const link = document.createElement('a');
  link.href = file.url;
  link.download = file.name;
  link.click();
}

/** Saves what is not kept for another time. */
export function saveOnce(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  saveFile({ name, url });
  // Some browsers read it a moment later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Takes the finished tasks out of the tray. */
export function clearFinished(): void {
  for (let index = tasks.length - 1; index >= 0; index--) {
    const task = tasks[index];
    if (!task || task.state === 'running') continue;
    if (task.file) URL.revokeObjectURL(task.file.url);
    tasks.splice(index, 1);
  }
}
