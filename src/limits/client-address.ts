/** Which address a request comes from, past the proxies that are trusted to say so. */
import { BlockList, isIP } from 'node:net';

export type ClientAddress = (peer: string, forwardedFor: string | undefined) => string;

/**
 * @param trustedProxies addresses and CIDR blocks whose `X-Forwarded-For` counts
 * @returns a function that gives the nearest address which is not a trusted proxy's; of IPv6, the network of 64 bits
 *   that one client has to itself
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = new BlockList();
  for (const proxy of trustedProxies) addTo(trusted, proxy);
  const isTrusted = (address: string) => isIP(address) !== 0 && trusted.check(address, familyOf(address));

  return (peer, forwardedFor) => {
    if (forwardedFor === undefined) return networkOf(withoutMapping(peer));
    // Each proxy appends the address it was called from: what a client made up stands before what a proxy has seen.
    const hops = [...forwardedFor.split(',').map((hop) => hop.trim()), peer].map(withoutMapping);
    for (let last = hops.length - 1; last > 0; last -= 1) {
      const hop = hops[last] as string;
      if (!isTrusted(hop)) return networkOf(hop);
    }
    return networkOf(hops[0] as string);
  };
}

function addTo(list: BlockList, block: string): void {
  const [address = '', bits] = block.split('/');
  if (bits === undefined) list.addAddress(address, familyOf(address));
  else list.addSubnet(address, Number(bits), familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** An IPv4 address that a socket for both families shows as IPv6. */
function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = head.split(':').filter(Boolean);
  const after = tail?.split(':').filter(Boolean) ?? [];
  const all = tail === undefined ? groups : [...groups, ...Array(8 - groups.length - after.length).fill('0'), ...after];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
