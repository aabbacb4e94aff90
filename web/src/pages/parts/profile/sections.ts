import type { Component } from 'vue';
import type { MessageKey } from '@/app/i18n.ts';
import { lazy } from '@/app/lazy.ts';
import BasicPart from './BasicPart.vue';

// The first tab comes with the page.
const SecuritySection = lazy(() => import('@/factors/SecuritySection.vue'));
const LinkedAccounts = lazy(() => import('@/outside/LinkedAccounts.vue'));
const OwnSessions = lazy(() => import('../sessions/OwnSessions.vue'));
const OwnSignIns = lazy(() => import('../sessions/OwnSignIns.vue'));
const PasswordPart = lazy(() => import('./PasswordPart.vue'));
const ApiKeysSection = lazy(() => import('@/api-keys/ApiKeysSection.vue'));
const PreferencesPart = lazy(() => import('./PreferencesPart.vue'));
const AccessPart = lazy(() => import('./AccessPart.vue'));

/** A tab of the profile page: what stands below each other there. Something new is a component and its place in this list. */
export interface Section {
  readonly key: string;
  readonly label: MessageKey;
  readonly parts: readonly Component[];
}

export const SECTIONS: readonly Section[] = [
  { key: 'basic', label: 'profile.basic', parts: [BasicPart] },
  {
    key: 'security',
    label: 'profile.security',
    parts: [PasswordPart, SecuritySection, LinkedAccounts, OwnSessions, OwnSignIns],
  },
  { key: 'api-keys', label: 'apiKeys.title', parts: [ApiKeysSection] },
  { key: 'preferences', label: 'profile.preferences', parts: [PreferencesPart] },
  { key: 'access', label: 'profile.access', parts: [AccessPart] },
];
