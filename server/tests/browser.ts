import type { TestApp } from './harness.ts';

/** A page as a browser gets it, redirects not yet followed. */
export interface Visit {
  readonly url: string;
  readonly status: number;
  /** Where it sends the browser, absolute. */
  readonly location: string | null;
  readonly text: string;
  readonly headers: Headers;
}

/** A browser without pages: it keeps cookies by origin and follows redirects, between the program under test and real servers. */
export class Browser {
  readonly #t: TestApp;
  readonly #cookies = new Map<string, Map<string, string>>();

  constructor(t: TestApp) {
    this.#t = t;
  }

  cookie(origin: string, name: string): string | undefined {
    return this.#cookies.get(origin)?.get(name);
  }

  setCookie(origin: string, name: string, value: string): void {
    this.#cookies.set(origin, (this.#cookies.get(origin) ?? new Map()).set(name, value));
  }

  /** One request; a path belongs to the program under test. */
  async visit(
    address: string,
    options: { form?: Record<string, string>; token?: string; post?: boolean } = {},
  ): Promise<Visit> {
    const home = this.#t.config.PUBLIC_URL;
    const url = new URL(address, home);
    const cookie = [...(this.#cookies.get(url.origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers: Record<string, string> = { ...(cookie && { cookie }) };
    if (options.token) headers['authorization'] = `Bearer ${options.token}`;
    if (options.form) headers['content-type'] = 'application/x-www-form-urlencoded';
    const method = options.form || options.post ? 'POST' : 'GET';
    const body = options.form && new URLSearchParams(options.form).toString();
    const answer =
      url.origin === home
        ? await this.#inject(method, url.pathname + url.search, headers)
        : await fetch(url, { method, headers, redirect: 'manual', ...(body && { body }) });
    for (const line of answer.headers.getSetCookie()) this.#keep(url.origin, line);
    const location = answer.headers.get('location');
    return {
      url: url.href,
      status: answer.status,
      location: location === null ? null : new URL(location, url).href,
      text: await answer.text(),
      headers: answer.headers,
    };
  }

  /** Goes where redirects lead, until a page stays, or `until` says that it has come far enough. */
  async follow(address: string, until: (url: string) => boolean = () => false): Promise<Visit> {
    let visit = await this.visit(address);
    for (let steps = 0; visit.location !== null && steps < 20; steps++) {
      if (until(visit.location)) return visit;
      visit = await this.visit(visit.location);
    }
    return visit;
  }

  async #inject(method: 'GET' | 'POST', url: string, headers: Record<string, string>): Promise<Response> {
    const answer = await this.#t.app.inject({ method, url, headers });
    const received = new Headers();
    for (const [name, value] of Object.entries(answer.headers))
      for (const one of [value].flat()) if (one !== undefined) received.append(name, String(one));
    return new Response(answer.body, { status: answer.statusCode, headers: received });
  }

  #keep(origin: string, line: string): void {
    const [pair = '', ...attributes] = line.split(';');
    const [name = '', ...value] = pair.trim().split('=');
    const isGone = attributes.some((attribute) => /^\s*(max-age=0|expires=thu, 01 jan 1970)/i.test(attribute));
    const cookies = this.#cookies.get(origin) ?? new Map<string, string>();
    if (isGone) cookies.delete(name);
    else cookies.set(name, value.join('='));
    this.#cookies.set(origin, cookies);
  }
}
