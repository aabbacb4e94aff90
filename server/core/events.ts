import type { Context } from './context.ts';

/** What can happen that others may want to know, by name. Each feature adds its own by declaration merging. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the features through declaration merging
export interface Events {}

export type EventName = keyof Events & string;

export type Listener<N extends EventName> = (ctx: Context, event: Events[N]) => void | Promise<void>;

/** What a feature wants to be told. */
export type Listeners = { readonly [N in EventName]?: Listener<N> };

export type ListenersByEvent = ReadonlyMap<string, readonly ((ctx: Context, event: never) => void | Promise<void>)[]>;

/** Gathers who wants to be told of what, in order of registration. */
export function gatherListeners(all: readonly (Listeners | undefined)[]): ListenersByEvent {
  const byEvent = new Map<string, ((ctx: Context, event: never) => void | Promise<void>)[]>();
  for (const listeners of all) {
    for (const [name, listener] of Object.entries(listeners ?? {}) as [string, (ctx: Context, event: never) => void][])
      byEvent.set(name, [...(byEvent.get(name) ?? []), listener]);
  }
  return byEvent;
}
