import { lookup } from 'node:dns/promises';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { text } from '#core/i18n.ts';
import { Type } from '#core/schema.ts';
import { defineTask, named } from '#core/task.ts';

/** Addresses of the inside: this machine, private networks, link-local (metadata services), multicast and what is reserved. */
const inner = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  inner.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  inner.addSubnet(network, bits, 'ipv6');

/** Whether an address is one of the inside; an IPv4 address in IPv6 clothes counts as what it is. */
export function isInnerAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return isInnerAddress(mapped);
  const family = isIP(address);
  return family === 0 || inner.check(address, family === 6 ? 'ipv6' : 'ipv4') || /^::ffff:/i.test(address);
}

/** The one address that is connected to: looked up once, so that a second answer of the name server cannot lead inside. */
async function outerAddress(host: string): Promise<{ address: string; family: number }> {
  const name = host.replace(/^\[|\]$/g, '');
  const found = isIP(name) ? { address: name, family: isIP(name) } : await lookup(name);
  if (isInnerAddress(found.address)) throw new Error(`${host} leads to an inner address`);
  return found;
}

/** Asks a URL of an allowed host for its status. Follows no redirects and reads no body. */
export const probeHandler = defineTask({
  name: 'http.probe',
  title: text('HTTP 健康检查', 'HTTP health probe'),
  description: text(
    '请求 PROBE_ALLOWED_HOSTS 中主机的网址，不访问内网地址',
    'Asks a URL of a host in PROBE_ALLOWED_HOSTS; never an inner address',
  ),
  args: Type.Object(
    {
      url: Type.String({ maxLength: 500, pattern: '^https?://[^\\s]+$', ...named(text('网址', 'URL')) }),
      expected_status: Type.Optional(
        Type.Integer({ minimum: 100, maximum: 599, default: 200, ...named(text('期望的状态码', 'Expected status')) }),
      ),
      timeout_seconds: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 60, default: 10, ...named(text('超时（秒）', 'Timeout in seconds')) }),
      ),
    },
    { additionalProperties: false },
  ),
  attempts: 1,
  timeoutMs: 90_000,
  async run(ctx, { url: given, expected_status: expected = 200, timeout_seconds: seconds = 10 }, { signal }) {
    const url = new URL(given);
    if (url.username || url.password) throw new Error('the URL carries credentials');
    if (
      !ctx.settings.PROBE_ALLOWED_HOSTS.includes(url.host) &&
      !ctx.settings.PROBE_ALLOWED_HOSTS.includes(url.hostname)
    )
      throw new Error(`${url.host} is not in PROBE_ALLOWED_HOSTS`);
    const { address, family } = await outerAddress(url.hostname);
    const pinned: LookupFunction = (_host, options, done) =>
      options.all ? done(null, [{ address, family }]) : done(null, address, family);
    const started = performance.now();
    const status = await new Promise<number>((resolve, reject) => {
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      const limit = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
      const request = send(
        url,
        { method: 'GET', lookup: pinned, signal: limit, headers: { accept: '*/*' } },
        (answer) => {
          resolve(answer.statusCode ?? 0);
          answer.destroy();
        },
      );
      request.on('error', reject);
      request.end();
    });
    const result = { status, milliseconds: Math.round(performance.now() - started) };
    if (status !== expected) throw new Error(`the answer was ${status} instead of ${expected}`);
    return result;
  },
});
