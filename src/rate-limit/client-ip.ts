/** Client IP of a request, from `X-Forwarded-For` of trusted proxies. */
import { isIP } from 'node:net';
import { addressesIn, canonicalAddress } from '../runtime/ip-address.ts';

export type ClientIp = (peer: string, forwardedFor: string | undefined) => string;

/**
 * Reads `X-Forwarded-For` from its end: each proxy appends the address of its peer, so forged addresses come first.
 * `Forwarded` (RFC 7239) and all other headers are ignored.
 *
 * @param trustedProxies addresses and CIDR blocks whose `X-Forwarded-For` counts
 * @returns a function that returns the nearest address that is not a trusted proxy. If a trusted proxy appended no valid
 *   address, it returns the address of that proxy. For IPv6 it returns the /64 network, because one client has all of it.
 */
export function createClientIp(trustedProxies: readonly string[]): ClientIp {
  const isTrusted = addressesIn(trustedProxies);

  return (peer, forwardedFor) => {
    let nearest = canonicalAddress(peer) ?? peer;
    const hops = forwardedFor?.split(',') ?? [];
    while (isTrusted(nearest) && hops.length > 0) {
      const next = hopAddress(hops.pop() as string);
      // `unknown`, an empty element or an arbitrary name. All elements before it can be forged, too.
      if (next === null) break;
      nearest = next;
    }
    return networkOf(nearest);
  };
}

/** An element in the forms that proxies send: with or without quotes, a port, and brackets around IPv6. */
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
  const tailGroups = tail?.split(':').filter(Boolean) ?? [];
  const all =
    tail === undefined ? groups : [...groups, ...Array(8 - groups.length - tailGroups.length).fill('0'), ...tailGroups];
  return `${all.slice(0, 4).join(':')}::/64`;
}
