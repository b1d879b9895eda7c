/** IP addresses: canonical text form, and sets of addresses. */
import { BlockList, isIP, SocketAddress } from 'node:net';

/**
 * Canonical form of an address; null if the text is not an address. IPv6 is compressed and in lower case (RFC 5952),
 * without a zone. An IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2) becomes IPv4.
 */
export function canonicalAddress(text: string): string | null {
  const address = text.replace(/%.*$/s, '');
  if (isIP(address) !== 6) return isIP(text) === 4 ? text : null;
  return new SocketAddress({ address, family: 'ipv6' }).address.replace(/^::ffff:(?=\d+\.)/, '');
}

/** Names of address ranges that no client on the internet uses, as in Express. */
const namedBlocks: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/**
 * Creates a check of whether an address in canonical form is in one of the blocks.
 *
 * @param blocks addresses, CIDR blocks, and `loopback`, `linklocal` or `uniquelocal`
 * @throws Error that lists the valid forms of a block
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
