import { computed, reactive } from 'vue';

/** Something worth telling that is not an answer to the last click. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly at: string;
  isRead: boolean;
}

const MOST = 50;
let last = 0;
export const notices = reactive<Notice[]>([]);
export const unreadNotices = computed(() => notices.filter((notice) => !notice.isRead).length);

export function tell(text: string): void {
  last += 1;
  notices.unshift({ id: last, text, at: new Date().toISOString(), isRead: false });
  notices.splice(MOST);
}

export function readNotices(): void {
  for (const notice of notices) notice.isRead = true;
}

export function clearNotices(): void {
  notices.splice(0);
}
