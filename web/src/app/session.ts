import { computed, reactive, shallowRef } from 'vue';
import type { CaptchaAnswer, ChallengeAnswer, SignIn, SignInChallenge, User, UserMenu } from '@/api/gen/index.ts';
import {
  getUsersMe,
  getUsersMeMenus,
  getUsersMePermissions,
  postAuthChallenge,
  postAuthLogin,
  postAuthLogout,
  postAuthOidcChallenge,
  postAuthOidcSignOut,
  postAuthPasskeyOptions,
  postAuthPasskeyVerify,
  postAuthRefresh,
} from '@/api/gen/index.ts';
import type { Permission } from '@/api/permissions.gen.ts';
import { signWithPasskey } from '@/factors/passkeys.ts';
import { signedInWith } from '@/outside/providers.ts';
import { api } from './api.ts';
import { ApiError } from './errors.ts';
import { covers } from './grants.ts';
import { locale } from './i18n.ts';
import { hearFromOtherTabs, type TabNews, tellOtherTabs } from './other-tabs.ts';
import { loadPreferences, resetPreferences, savePreferences } from './preferences.ts';
import { queryClient } from './query.ts';
import { forgetTabs } from './tabs.ts';
import { isOfView, view, viewIsOver } from './view-as.ts';

interface Session {
  /** `unknown` until the cookie was tried. */
  state: 'unknown' | 'signed-out' | 'signed-in';
  mustChangePassword: boolean;
  /** A role asks for a second factor that is not there yet. */
  mustEnrolFactor: boolean;
  user: User | null;
  /** The session ended while the person was at work: the page waits behind a sign-in dialog. */
  isInterrupted: boolean;
  /** Goes up when the rights were found to have changed. */
  rightsChanges: number;
}

export const session = reactive<Session>({
  state: 'unknown',
  mustChangePassword: false,
  mustEnrolFactor: false,
  user: null,
  isInterrupted: false,
  rightsChanges: 0,
});
const permissions = shallowRef<ReadonlySet<string>>(new Set());
const ownGrants = shallowRef<readonly string[]>([]);
const menuTree = shallowRef<readonly UserMenu[]>([]);
/** The navigation as the service decides it. */
export const menus = computed(() => menuTree.value);

// In memory only: a script that gets into the page finds no token in any storage.
let token: string | null = null;
export const accessToken = () => token;

/** Whether what was asked for with this token may be asked for again: never as somebody else. */
export const isStillTheirs = (used: string | null): boolean => token !== null && personOf(token) === personOf(used);

/** Sends everything from now on as somebody else, before whom nothing of the former person's page may stay. Answers the token before. */
export function changePerson(next: string | null): string | null {
  const before = token;
  token = next;
  session.user = null;
  permissions.value = new Set();
  ownGrants.value = [];
  menuTree.value = [];
  queryClient.clear();
  forgetTabs();
  return before;
}

/** Whether the person may do what needs this permission. Reactive; the service decides again at every request. */
export const can = (permission: Permission | undefined): boolean =>
  permission === undefined || permissions.value.has(permission);

/** What the person may do, by code. Reactive. */
export const heldPermissions = computed(() => [...permissions.value]);

/** Whether the person's roles give a code, or all that a wildcard stands for: what they may pass on. Reactive. */
export const mayGive = (grant: string): boolean => covers(ownGrants.value, grant);

/** Only tells whether trying the cookie is worth a request. */
const hint = {
  get: () => readStorage('signed-in') === '1',
  set: (value: boolean) => writeStorage('signed-in', value ? '1' : null),
};

/** Whether this browser has been signed in before, and may still be. */
export const wasSignedIn = hint.get;

/** Signs in by the cookie of an earlier visit, if there is one. */
export async function start(): Promise<void> {
  if (hint.get() && (await refresh())) await loadMe();
  else session.state = 'signed-out';
}

/**
 * Signs in, or answers with the challenge that has to be met first. Throws ApiError: a wrong password, a disabled user, too many
 * attempts, or a proof of work that is wanted first.
 */
export async function signIn(
  username: string,
  password: string,
  captcha?: CaptchaAnswer,
): Promise<SignInChallenge | null> {
  const answer = await api(postAuthLogin({ body: { username, password, ...(captcha && { captcha }) } }));
  if (answer.challenge) return answer.challenge;
  await enter(answer);
  return null;
}

/** Finishes a sign-in that had a challenge. Throws ApiError: a wrong code, or a challenge that is over. */
export async function answerChallenge(answer: ChallengeAnswer): Promise<void> {
  await enter(await api(postAuthChallenge({ body: answer })));
}

/** Signs in with a passkey alone. Throws ApiError, and what the browser has to say. */
export async function signInWithPasskey(): Promise<void> {
  const credential = await signWithPasskey(await api(postAuthPasskeyOptions({ body: {} })));
  await enter(await api(postAuthPasskeyVerify({ body: { credential } })));
}

/**
 * Goes on with a sign-in that came back from a provider: by the cookie it brought, or with the challenge that is left. Throws ApiError
 * when there is neither.
 */
export async function arriveFromProvider(provider: string, state: unknown): Promise<SignInChallenge | null> {
  signedInWith.set(provider);
  if (state === 'challenge') return api(postAuthOidcChallenge());
  hint.set(true);
  await start();
  if (session.state !== 'signed-in') throw new ApiError(401, 'identity.flow_invalid', '', [], null);
  return null;
}

/** Begins to work with a sign-in that is complete. */
async function enter(answer: SignIn): Promise<void> {
  hint.set(true);
  // The page waits for whoever opened it: with nobody else's token may anything of it be sent.
  if (session.isInterrupted && personOf(answer.access_token) !== personOf(token)) {
    tellOtherTabs({ kind: 'arrived', userId: personOf(answer.access_token) });
    leaveToOther();
    return;
  }
  workWith(answer);
  await goOn();
}

function workWith(answer: Pick<SignIn, 'access_token' | 'must_change_password' | 'must_enrol_factor'>): void {
  token = answer.access_token;
  session.mustChangePassword = answer.must_change_password;
  session.mustEnrolFactor = answer.must_enrol_factor;
}

/** Somebody else has signed in: nothing of the former person's page may stay. */
function leaveToOther(): void {
  session.user = null;
  location.assign('/');
}

/** Works with the token there is: what waits for it goes on. */
async function goOn(): Promise<void> {
  await loadMe();
  session.isInterrupted = false;
  endInterruption(true);
}

/** Signs out here. */
export const signOut = (): Promise<void> => leave(async () => void (await api(postAuthLogout())));

/** Signs out here, and leaves for the provider to sign out there too, if it has a place for that. */
export async function signOutAtProvider(): Promise<void> {
  let url: string | null = null;
  await leave(async () => {
    url = (await api(postAuthOidcSignOut())).url;
  });
  if (url !== null) location.assign(url);
}

/** Ends the session by `way`, and asks for nothing more than that: it would be refused. */
async function leave(way: () => Promise<void>): Promise<void> {
  isLeaving = true;
  await queryClient.cancelQueries();
  try {
    await savePreferences();
    await way();
  } catch {
    // An ended session is as good as signed out.
  }
  forget();
  tellOtherTabs({ kind: 'left' });
}

/** Leaves the interrupted page for the sign-in page. */
export const giveUp = (): void => forget();

function forget(): void {
  isLeaving = false;
  token = null;
  hint.set(false);
  signedInWith.set(null);
  permissions.value = new Set();
  ownGrants.value = [];
  menuTree.value = [];
  Object.assign(session, { state: 'signed-out', user: null, isInterrupted: false });
  Object.assign(session, { mustChangePassword: false, mustEnrolFactor: false });
  queryClient.clear();
  forgetTabs();
  resetPreferences();
  endInterruption(false);
}

/** Who the person is and what they may do, now. */
export async function loadMe(): Promise<void> {
  if (isHeldBack()) {
    session.state = 'signed-in';
    tellOtherTabs({ kind: 'held-back', userId: personOf(token) });
    return;
  }
  const asked = locale.value;
  // How the console looks is the person's own, whoever they view as.
  const [user] = await Promise.all([api(getUsersMe()), loadRights(), view.value ? null : loadPreferences()]);
  // The menus came in the language of the browser, before the person's own was known.
  if (locale.value !== asked) await loadRights();
  session.user = user;
  session.state = 'signed-in';
  if (!view.value) tellOtherTabs({ kind: 'arrived', userId: user.id });
}

/** Whether something has to be done before anything else is open. */
const isHeldBack = () => session.mustChangePassword || session.mustEnrolFactor;

/** Opens everything else after a second factor was set up. */
export async function factorWasAdded(): Promise<void> {
  session.mustEnrolFactor = false;
  await loadMe();
}

async function loadRights(): Promise<boolean> {
  const [own, tree] = await Promise.all([api(getUsersMePermissions()), api(getUsersMeMenus())]);
  const held = new Set(own.permissions);
  const changed = held.size !== permissions.value.size || own.permissions.some((code) => !permissions.value.has(code));
  permissions.value = held;
  ownGrants.value = own.grants;
  menuTree.value = tree.items;
  return changed;
}

/** The menus carry titles in the reader's language. */
export async function reloadMenus(): Promise<void> {
  if (session.state === 'signed-in' && !isHeldBack()) menuTree.value = (await api(getUsersMeMenus())).items;
}

let checking = false;
/** Asks the service for the rights again, and tells when they differ: buttons, menus and the open page follow. */
export async function rightsMayHaveChanged(): Promise<void> {
  if (checking || session.state !== 'signed-in' || session.isInterrupted || isHeldBack()) return;
  checking = true;
  try {
    if (await loadRights()) session.rightsChanges += 1;
  } catch (error) {
    const code = error instanceof ApiError ? error.code : '';
    if (code === 'access.password_change_required') session.mustChangePassword = true;
    if (code === 'access.second_factor_required') session.mustEnrolFactor = true;
  } finally {
    checking = false;
  }
}

let refreshing: Promise<boolean> | null = null;
/**
 * Gets a new access token by the cookie: one request at a time, over all tabs of the browser. False when the session has ended. Throws
 * an AbortError when the cookie has become somebody else's, and leaves the page to them.
 */
function refresh(): Promise<boolean> {
  refreshing ??= navigator.locks.request('refresh-token', askForToken).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function askForToken(): Promise<boolean> {
  try {
    const answer = await api(postAuthRefresh());
    if (token !== null && personOf(answer.access_token) !== personOf(token)) {
      leaveToOther();
      throw new DOMException('somebody else has signed in', 'AbortError');
    }
    workWith(answer);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) return false;
    throw error;
  }
}

let interruption: Promise<boolean> | null = null;
let endInterruption: (signedIn: boolean) => void = () => undefined;
/** The person is signing out: that the session ends is no news. */
let isLeaving = false;

/**
 * After a 401: renews the token; when that fails, waits until the person has signed in again over the open page.
 * `used` is the token that was refused. False when they gave up.
 */
export async function signInAgain(used: string | null): Promise<boolean> {
  // What was asked for in somebody's name is never asked for again in another's.
  if (isOfView(used)) void viewIsOver();
  if (view.value || isOfView(used)) return false;
  if (token !== used) return isStillTheirs(used);
  if (!isAtWork()) return false;
  if (await refresh()) return isStillTheirs(used);
  return isAtWork() && interrupt();
}

/** Whether there is somebody to ask for: the page of a person who leaves may still stand there for a moment. */
export const isThere = (): boolean => !isLeaving && (token !== null || session.state !== 'signed-out');

const isAtWork = () => session.state === 'signed-in' && !isLeaving;

/** The service said that the session is over: asks to sign in again at once, not when something typed is sent. */
export function sessionHasEnded(): void {
  if (view.value) void viewIsOver();
  else if (isAtWork()) void interrupt();
}

function interrupt(): Promise<boolean> {
  interruption ??= new Promise<boolean>((resolve) => {
    session.isInterrupted = true;
    endInterruption = resolve;
  }).finally(() => {
    interruption = null;
  });
  return interruption;
}

/** Another tab has signed in or out: this one has the same cookie, and must not show a person's page to anybody else. */
async function follow(news: TabNews): Promise<void> {
  const { state, isInterrupted } = session;
  if (news.kind === 'left') {
    if (view.value) leaveToOther();
    else if (state === 'signed-in') forget();
  } else if (view.value) {
    // Whoever is looked at has not signed in; the person themselves comes back when the view is over.
    return;
  } else if (token !== null && personOf(token) !== news.userId) {
    leaveToOther();
  } else if (isInterrupted || state === 'signed-out' || (isHeldBack() && news.kind === 'arrived')) {
    if (await refresh()) await goOn();
  }
}
hearFromOtherTabs((news) => {
  // What cannot be followed now waits for the person, as before.
  follow(news).catch(() => undefined);
});

/** Whose token it is: the subject that the service wrote into it, which only tells people apart here. */
function personOf(accessToken: string | null): number | null {
  try {
    const [, claims = ''] = (accessToken ?? '').split('.');
    return Number(JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))).sub) || null;
  } catch {
    return null;
  }
}

function readStorage(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function writeStorage(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Without storage a reload asks for the password again.
  }
}
