/**
 * What the tabs of a browser tell each other: they have one session, by the cookie. Whoever is held back has signed in, and has to do
 * something before anything else is open.
 */
export type TabNews =
  | { readonly kind: 'arrived' | 'held-back'; readonly userId: number | null }
  | { readonly kind: 'left' };

const channel = new BroadcastChannel('session');

export const tellOtherTabs = (news: TabNews): void => channel.postMessage(news);

/** Calls `listener` with what the other tabs tell, for as long as this one lives. */
export function hearFromOtherTabs(listener: (news: TabNews) => void): void {
  channel.addEventListener('message', ({ data }: MessageEvent<TabNews>) => listener(data));
}
