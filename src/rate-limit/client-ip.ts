/** Which address a request comes from, past the proxies that are trusted to say so. */
import { isIP } from 'node:net';
import { addressesIn, canonicalAddress } from '../runtime/ip-address.ts';

export type ClientIp = (peer: string, forwardedFor: string | undefined) => string;

/**
 * Reads `X-Forwarded-For` from its end: each proxy appends the address that it was called from, so what a client made up
 * stands before what a proxy has seen. `Forwarded` (RFC 7239) and all other headers do not count.
 *
 * @param trustedProxies addresses and CIDR blocks whose `X-Forwarded-For` counts
 * @returns a function that gives the nearest address that is not a trusted proxy's, or the last trusted proxy's where
 *   what it appended is no address; of IPv6, the network of 64 bits that one client has to itself
 */
export function createClientIp(trustedProxies: readonly string[]): ClientIp {
  const isTrusted = addressesIn(trustedProxies);

  return (peer, forwardedFor) => {
    let nearest = canonicalAddress(peer) ?? peer;
    const hops = forwardedFor?.split(',') ?? [];
    while (isTrusted(nearest) && hops.length > 0) {
      const next = hopAddress(hops.pop() as string);
      // `unknown`, an empty element or a made-up name: everything behind it could be made up, too.
      if (next === null) break;
      nearest = next;
    }
    return networkOf(nearest);
  };
}

/** An element as proxies write it: quoted or not, with a port or without, IPv6 in brackets or not. */
const element =
  /^("?)(?:\[([\da-f]*:[\da-f:.]+(?:%[\w.~-]+)?)\](?::\d{1,5})?|(\d+\.\d+\.\d+\.\d+)(?::\d{1,5})?|([\da-f:.%\w~-]+))\1$/i;

function hopAddress(hop: string): string | null {
  const [, , bracketed, ipv4, other] = element.exec(hop.trim()) ?? [];
  return canonicalAddress(bracketed ?? ipv4 ?? other ?? '');
}

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const after = tail?.split(':').filter(Boolean) ?? [];
  const all = tail === undefined ? groups : [...groups, ...Array(8 - groups.length - after.length).fill('0'), ...after];
  return `${all.slice(0, 4).join(':')}::/64`;
}
