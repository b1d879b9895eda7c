/** IP addresses as text: one spelling for each, and sets of them. */
import { BlockList, isIP, SocketAddress } from 'node:net';

/**
 * The one spelling of an address, or null where the text is none: IPv6 compressed and in lower case (RFC 5952) without
 * its zone, and an IPv4 address that is mapped into IPv6 (RFC 4291, section 2.5.5.2) as IPv4.
 */
export function canonicalAddress(text: string): string | null {
  const address = text.replace(/%.*$/s, '');
  if (isIP(address) !== 6) return isIP(text) === 4 ? text : null;
  return new SocketAddress({ address, family: 'ipv6' }).address.replace(/^::ffff:(?=\d+\.)/, '');
}

/** The names that Express and its relatives have for ranges which no client on the internet has. */
const namedBlocks: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/**
 * Tells which addresses, in their canonical spelling, lie in one of these blocks.
 *
 * @param blocks addresses, CIDR blocks, and `loopback`, `linklocal` or `uniquelocal`
 * @throws Error that says what a block may be
 */
export function addressesIn(blocks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const block of blocks.flatMap((text) => namedBlocks[text.toLowerCase()] ?? text)) addTo(list, block);
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
}

function addTo(list: BlockList, block: string): void {
  const [, address = '', bits] = /^([\d.]+|[\da-f:.]+)(?:\/(\d{1,3}))?$/i.exec(block) ?? [];
  const family = familyOf(address);
  if (isIP(address) === 0 || Number(bits ?? 0) > (family === 'ipv4' ? 32 : 128)) {
    throw new Error(
      'list addresses such as 10.0.0.1, CIDR blocks such as 10.0.0.0/8 or fd00::/8, and the names loopback, linklocal and uniquelocal, with commas between; host names, ports and wildcards are not looked up',
    );
  }
  if (Number(bits) === 0) {
    throw new Error('a block of /0 would let every client name its own address; list the addresses of the proxies');
  }
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
