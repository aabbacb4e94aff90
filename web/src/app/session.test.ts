import { beforeEach, describe, expect, test, vi } from 'vitest';

/** The service as the session sees it: what it answers to each address, and how often it was asked. */
function fakeService() {
  const asked: Record<string, number> = {};
  const answers: Record<string, () => Response | Promise<Response>> = {};
  const json = (data: unknown, status = 200) =>
    Response.json(status === 200 ? { code: 200, data, message: '' } : data, { status });
  const refused = (status: number, error: string) =>
    json({ code: status, data: null, message: error, error, request_id: 'r' }, status);
  const fetch = vi.fn(async (request: Request) => {
    const path = new URL(request.url).pathname.replace('/api/v1/', '');
    asked[path] = (asked[path] ?? 0) + 1;
    await Promise.resolve();
    const answer = answers[path];
    if (!answer) throw new Error(`nobody expected ${path}`);
    return answer();
  });
  return { asked, answers, json, refused, fetch };
}

/** The other tabs of the browser: what they were told about the session, and what they tell. */
class FakeChannel {
  static told: unknown[] = [];
  static tell: (data: unknown) => void = () => undefined;
  readonly #isOurs: boolean;

  constructor(name: string) {
    this.#isOurs = name === 'session';
  }
  addEventListener(_type: string, hear: (event: { data: unknown }) => void): void {
    if (this.#isOurs) FakeChannel.tell = (data) => hear({ data });
  }
  postMessage(data: unknown): void {
    if (this.#isOurs) FakeChannel.told.push(data);
  }
}

let service: ReturnType<typeof fakeService>;
let session: typeof import('./session.ts');
let sdk: typeof import('@/api/gen/index.ts');
let api: typeof import('./api.ts').api;

/** An access token by a name, of a user. */
const jwt = (name: string, userId = 1) => `${name}.${btoa(JSON.stringify({ sub: String(userId) }))}.`;
const token = (name: string, userId = 1, held = {}) =>
  service.json({ access_token: jwt(name, userId), must_change_password: false, must_enrol_factor: false, ...held });
const user = { id: 1, username: 'somebody', name: null };

beforeEach(async () => {
  vi.resetModules();
  localStorage.clear();
  service = fakeService();
  vi.stubGlobal('fetch', service.fetch);
  FakeChannel.told = [];
  vi.stubGlobal('BroadcastChannel', FakeChannel);
  Object.defineProperty(navigator, 'locks', {
    configurable: true,
    value: { request: (_name: string, work: () => unknown) => work() },
  });
  Object.assign(service.answers, {
    'auth/login': () => token('first'),
    'auth/refresh': () => token('renewed'),
    'auth/logout': () => service.json(null),
    'users/me': () => service.json(user),
    'users/me/permissions': () => service.json({ permissions: ['system:user:query'], grants: [] }),
    'users/me/menus': () => service.json({ items: [] }),
    'users/me/preferences': () => service.json({}),
  });
  session = await import('./session.ts');
  sdk = await import('@/api/gen/index.ts');
  const module = await import('./api.ts');
  api = module.api;
  module.setUpApi();
});

describe('the session', () => {
  test('does not ask the service who comes for the first time', async () => {
    await session.start();
    expect(session.session.state).toBe('signed-out');
    expect(service.fetch).not.toHaveBeenCalled();
  });

  test('comes back by the cookie after a reload', async () => {
    localStorage.setItem('signed-in', '1');
    await session.start();
    expect(session.session.state).toBe('signed-in');
    expect(session.accessToken()).toBe(jwt('renewed'));
    expect(session.can('system:user:query')).toBe(true);
    expect(session.can('system:user:delete')).toBe(false);
  });

  test('keeps no token in any storage', async () => {
    await session.signIn('somebody', 'secret');
    expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toMatch(/first|secret/);
  });

  test('renews an expired token once for all the requests that it stopped, and sends them again', async () => {
    await session.signIn('somebody', 'secret');
    let expired = true;
    service.answers['users'] = () =>
      expired ? service.refused(401, 'access.unauthenticated') : service.json({ items: [] });
    service.answers['auth/refresh'] = () => {
      expired = false;
      return token('renewed');
    };
    const answers = await Promise.all(Array.from({ length: 5 }, () => api(sdk.getUsers())));
    expect(answers).toHaveLength(5);
    expect(service.asked['auth/refresh']).toBe(1);
    expect(service.asked['users']).toBe(10);
    const [last] = service.fetch.mock.lastCall ?? [];
    expect(last?.headers.get('authorization')).toBe(`Bearer ${jwt('renewed')}`);
  });

  test('that has ended keeps the requests waiting until the person has signed in again', async () => {
    await session.signIn('somebody', 'secret');
    let ended = true;
    service.answers['users'] = () =>
      ended ? service.refused(401, 'access.unauthenticated') : service.json({ items: [] });
    service.answers['auth/refresh'] = () => service.refused(401, 'auth.session_ended');
    const waiting = Promise.all([api(sdk.getUsers()), api(sdk.getUsers())]);
    await vi.waitFor(() => expect(session.session.isInterrupted).toBe(true));
    expect(service.asked['auth/refresh']).toBe(1);
    ended = false;
    service.answers['auth/login'] = () => token('second');
    await session.signIn('somebody', 'secret');
    expect(await waiting).toHaveLength(2);
    expect(session.session.isInterrupted).toBe(false);
    expect(session.accessToken()).toBe(jwt('second'));
  });

  test('that has ended fails the requests of a person who gives up', async () => {
    await session.signIn('somebody', 'secret');
    service.answers['users'] = () => service.refused(401, 'access.unauthenticated');
    service.answers['auth/refresh'] = () => service.refused(401, 'auth.session_ended');
    const waiting = api(sdk.getUsers());
    const failure = expect(waiting).rejects.toMatchObject({ status: 401 });
    await vi.waitFor(() => expect(session.session.isInterrupted).toBe(true));
    session.giveUp();
    await failure;
    expect([session.session.state, session.accessToken()]).toEqual(['signed-out', null]);
  });

  test('does not end because the service could not be reached', async () => {
    await session.signIn('somebody', 'secret');
    service.answers['users'] = () => service.refused(401, 'access.unauthenticated');
    service.answers['auth/refresh'] = () => service.refused(503, 'server.unavailable');
    await expect(api(sdk.getUsers())).rejects.toMatchObject({ status: 503 });
    expect([session.session.state, session.session.isInterrupted]).toEqual(['signed-in', false]);
  });

  test('once signed out asks for nothing more', async () => {
    await session.signIn('somebody', 'secret');
    await session.signOut();
    const before = service.fetch.mock.calls.length;
    await expect(api(sdk.getUsers())).rejects.toThrow('signed out');
    expect(service.fetch.mock.calls).toHaveLength(before);
  });

  test.each(['signOut', 'signOutAtProvider'] as const)(
    'asks for nothing more once it is being left by %s',
    async (way) => {
      await session.signIn('somebody', 'secret');
      const { queryClient } = await import('./query.ts');
      let isStopped = false;
      service.answers['users'] = () => new Promise(() => undefined);
      const open = queryClient.fetchQuery({
        queryKey: ['users'],
        queryFn: ({ signal }) => {
          signal.addEventListener('abort', () => {
            isStopped = true;
          });
          return api(sdk.getUsers({ signal }));
        },
      });
      open.catch(() => undefined);
      let finish: () => void = () => undefined;
      const answer = new Promise<Response>((settle) => {
        finish = () => settle(service.json({ url: null }));
      });
      Object.assign(service.answers, { 'auth/logout': () => answer, 'auth/oidc/sign-out': () => answer });
      const leaving = session[way]();
      await vi.waitFor(() => expect(service.asked[way === 'signOut' ? 'auth/logout' : 'auth/oidc/sign-out']).toBe(1));
      expect(isStopped).toBe(true);
      await expect(api(sdk.getDepts())).rejects.toThrow('signed out');
      expect(service.asked['depts']).toBeUndefined();
      finish();
      await leaving;
      expect([session.session.state, session.accessToken(), FakeChannel.told.at(-1)]).toEqual([
        'signed-out',
        null,
        { kind: 'left' },
      ]);
    },
  );

  test('follows rights that have changed after a refusal', async () => {
    await session.signIn('somebody', 'secret');
    service.answers['users'] = () => service.refused(403, 'access.forbidden');
    service.answers['users/me/permissions'] = () => service.json({ permissions: [], grants: [] });
    await expect(api(sdk.getUsers())).rejects.toMatchObject({ status: 403 });
    await vi.waitFor(() => expect(session.session.rightsChanges).toBe(1));
    expect(session.can('system:user:query')).toBe(false);
  });

  test('does not tell of a change when a refusal changed nothing', async () => {
    await session.signIn('somebody', 'secret');
    service.answers['users'] = () => service.refused(403, 'access.forbidden');
    await expect(api(sdk.getUsers())).rejects.toMatchObject({ status: 403 });
    await vi.waitFor(() => expect(service.asked['users/me/permissions']).toBe(2));
    expect(session.session.rightsChanges).toBe(0);
  });
});

describe('the tabs of one browser', () => {
  const arrived = (userId: number) => ({ kind: 'arrived', userId });

  /** Somebody whose session has ended while a request was on its way. */
  async function interrupted(): Promise<{ readonly waiting: Promise<unknown> }> {
    await session.signIn('somebody', 'secret');
    let ended = true;
    service.answers['users'] = () =>
      ended ? service.refused(401, 'access.unauthenticated') : service.json({ items: [] });
    service.answers['auth/refresh'] = () => service.refused(401, 'auth.session_ended');
    const waiting = api(sdk.getUsers());
    waiting.catch(() => undefined);
    await vi.waitFor(() => expect(session.session.isInterrupted).toBe(true));
    ended = false;
    return { waiting };
  }

  test('are told who has signed in, and that somebody has signed out', async () => {
    await session.signIn('somebody', 'secret');
    expect(FakeChannel.told).toEqual([arrived(1)]);
    await session.signOut();
    expect(FakeChannel.told).toEqual([arrived(1), { kind: 'left' }]);
  });

  test('go on by themselves when the same person has signed in again in one of them', async () => {
    const { waiting } = await interrupted();
    service.answers['auth/refresh'] = () => token('of the other tab');
    FakeChannel.tell(arrived(1));
    expect(await waiting).toEqual({ items: [] });
    expect([session.session.isInterrupted, session.accessToken()]).toEqual([false, jwt('of the other tab')]);
  });

  test('leave a page that waits for one person when another has signed in', async () => {
    const { waiting } = await interrupted();
    const leave = vi.spyOn(location, 'assign').mockImplementation(() => undefined);
    service.answers['auth/refresh'] = () => token('of somebody else', 2);
    FakeChannel.tell(arrived(2));
    await vi.waitFor(() => expect(leave).toHaveBeenCalledWith('/'));
    expect([session.session.isInterrupted, session.accessToken()]).toEqual([true, jwt('first')]);
    session.giveUp();
    await expect(waiting).rejects.toMatchObject({ status: 401 });
  });

  test('learn of it when somebody else signs in over the page that waits, which leaves and sends nothing in their name', async () => {
    const { waiting } = await interrupted();
    const leave = vi.spyOn(location, 'assign').mockImplementation(() => undefined);
    const asked = service.asked['users'];
    service.answers['auth/login'] = () => token('of somebody else', 2);
    service.answers['users/me'] = () => service.json({ ...user, id: 2 });
    // One that was begun before, and is refused only now.
    let refuse: () => void = () => undefined;
    service.answers['depts'] = () =>
      new Promise((settle) => {
        refuse = () => settle(service.refused(401, 'access.unauthenticated'));
      });
    const late = api(sdk.getDepts());
    late.catch(() => undefined);
    await session.signIn('somebody else', 'secret');
    service.answers['auth/refresh'] = () => token('of somebody else', 2);
    service.answers['depts'] = () => service.json({ items: [] });
    refuse();
    await expect(late).rejects.toBeDefined();
    expect(leave).toHaveBeenCalledWith('/');
    expect(FakeChannel.told).toContainEqual(arrived(2));
    expect([service.asked['users'], service.asked['depts']]).toEqual([asked, 1]);
    expect(session.accessToken()).toBe(jwt('first'));
    session.giveUp();
    await expect(waiting).rejects.toMatchObject({ status: 401 });
  });

  test('send nothing again when the cookie has become that of somebody else', async () => {
    await session.signIn('somebody', 'secret');
    const leave = vi.spyOn(location, 'assign').mockImplementation(() => undefined);
    service.answers['users'] = () => service.refused(401, 'access.unauthenticated');
    service.answers['auth/refresh'] = () => token('of somebody else', 2);
    await expect(api(sdk.getUsers())).rejects.toMatchObject({ name: 'AbortError' });
    expect(leave).toHaveBeenCalledWith('/');
    expect(service.asked['users']).toBe(1);
    expect(session.accessToken()).toBe(jwt('first'));
  });

  test('send nothing again for somebody who has signed out while it was on its way', async () => {
    await session.signIn('somebody', 'secret');
    let refuse: () => void = () => undefined;
    service.answers['users'] = () =>
      new Promise((settle) => {
        refuse = () => settle(service.refused(401, 'access.unauthenticated'));
      });
    const late = api(sdk.getUsers());
    await vi.waitFor(() => expect(service.asked['users']).toBe(1));
    await session.signOut();
    service.answers['auth/login'] = () => token('of somebody else', 2);
    await session.signIn('somebody else', 'secret');
    refuse();
    await expect(late).rejects.toMatchObject({ status: 401 });
    expect(service.asked['users']).toBe(1);
  });

  test('follow somebody who has to change the password first, and go on when that is done', async () => {
    await session.start();
    service.answers['auth/refresh'] = () => token('held back', 1, { must_change_password: true });
    FakeChannel.tell({ kind: 'held-back', userId: 1 });
    await vi.waitFor(() => expect(session.session.state).toBe('signed-in'));
    expect([session.session.mustChangePassword, session.session.user]).toEqual([true, null]);
    expect(FakeChannel.told).toEqual([{ kind: 'held-back', userId: 1 }]);
    service.answers['auth/refresh'] = () => token('renewed');
    FakeChannel.tell(arrived(1));
    await vi.waitFor(() => expect(session.session.user).toMatchObject({ id: 1 }));
    expect(session.session.mustChangePassword).toBe(false);
  });

  test('are signed out together', async () => {
    await session.signIn('somebody', 'secret');
    FakeChannel.tell({ kind: 'left' });
    expect([session.session.state, session.session.user, session.accessToken()]).toEqual(['signed-out', null, null]);
  });

  test('are signed in together', async () => {
    await session.start();
    expect(session.session.state).toBe('signed-out');
    FakeChannel.tell(arrived(1));
    await vi.waitFor(() => expect(session.session.state).toBe('signed-in'));
    expect(session.accessToken()).toBe(jwt('renewed'));
  });
});

describe('v-can', () => {
  test('hides what may not be used, and shows it again when it may', async () => {
    const { mount } = await import('@vue/test-utils');
    const { vCan } = await import('./permission.ts');
    const { h, nextTick, withDirectives } = await import('vue');
    await session.signIn('somebody', 'secret');
    const wrapper = mount({ render: () => withDirectives(h('button', 'x'), [[vCan, 'system:user:delete']]) });
    const button = wrapper.element as HTMLButtonElement;
    expect([button.hidden, button.inert]).toEqual([true, true]);
    service.answers['users/me/permissions'] = () => service.json({ permissions: ['system:user:delete'], grants: [] });
    await session.rightsMayHaveChanged();
    await nextTick();
    expect([button.hidden, button.inert]).toEqual([false, false]);
    service.answers['users/me/permissions'] = () => service.json({ permissions: [], grants: [] });
    await session.rightsMayHaveChanged();
    await nextTick();
    expect(button.hidden).toBe(true);
    wrapper.unmount();
  });
});
