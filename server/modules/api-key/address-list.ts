import { BlockList, isIP } from 'node:net';
import { apiKeyErrors } from './api-key.errors.ts';

/** The addresses and networks of a list; null for an empty one, which means anywhere. Throws `api_key.address_invalid`. */
export function networksOf(addresses: readonly string[]): BlockList | null {
  if (addresses.length === 0) return null;
  const list = new BlockList();
  for (const [index, entry] of addresses.entries()) {
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (!family || rest.length > 0 || address.includes('%') || !(bits <= most))
      throw apiKeyErrors.address_invalid({ address: entry }).on(`addresses.${index}`);
    list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** Whether an address lies in a list; nobody without an address does. An IPv4 address is the same when it is written as IPv6. */
export function liesIn(networks: BlockList, address: string | null): boolean {
  if (address === null) return false;
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  return networks.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
}
