/** The client IP: forms of `X-Forwarded-For` that proxies send, and forged ones. */
import { describe, expect, test } from 'vitest';
import { createClientIp } from '../../src/rate-limit/client-ip.ts';

const clientAddress = createClientIp(['loopback', '10.0.0.0/8', 'fd00::/8', '130.211.0.0/22', '35.191.0.0/16']);

/** The proxy that connects to the server. */
const proxy = '10.0.0.7';

describe('forms that proxies send', () => {
  test.each<[proxy: string, header: string, client: string]>([
    ['nginx, HAProxy, Caddy, Traefik, Envoy, Heroku, Cloudflare', '203.0.113.7', '203.0.113.7'],
    ['nginx behind another proxy', '203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['nginx, of a client that made something up', '198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['HAProxy and others that add their own header', 'unknown, 203.0.113.7', '203.0.113.7'],
    ['AWS ALB, with ports', '203.0.113.7:50123', '203.0.113.7'],
    ['AWS ALB, with ports, IPv6', '[2001:db8::7]:50123', '2001:db8:0:0::/64'],
    ['AWS ALB, IPv6', '2001:0db8:85a3:0000:0000:8a2e:0370:7334', '2001:db8:85a3:0::/64'],
    ['CloudFront and ALB', '203.0.113.7, 10.9.9.9', '203.0.113.7'],
    ['Azure Application Gateway', '203.0.113.7:443', '203.0.113.7'],
    ['Azure Front Door and Application Gateway', '203.0.113.7, 10.1.2.3:9216', '203.0.113.7'],
    ['IIS with ARR', '203.0.113.7:50123, 10.1.2.3:80', '203.0.113.7'],
    ['IIS with ARR, IPv6', '[2001:db8:1:2::7]:50123', '2001:db8:1:2::/64'],
    ['Google Cloud load balancer', '203.0.113.7,35.191.0.1', '203.0.113.7'],
    ['what writes RFC 7239’s syntax here', '"[2001:db8::7]:4711"', '2001:db8:0:0::/64'],
    ['quotes around IPv4', '"203.0.113.7:4711"', '203.0.113.7'],
    ['brackets without a port', '[2001:db8::7]', '2001:db8:0:0::/64'],
    ['a socket of both families', '::ffff:203.0.113.7', '203.0.113.7'],
    ['the same, as other software writes it', '::FFFF:cb00:7107', '203.0.113.7'],
    ['the same, with a port', '[::ffff:203.0.113.7]:50123', '203.0.113.7'],
    ['a zone', 'fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['a zone in brackets', '[fe80::1%25eth0]:80', 'fe80:0:0:0::/64'],
    ['spaces and tabs', ' 203.0.113.7 ,\t10.1.2.3', '203.0.113.7'],
    ['nothing but trusted proxies', '10.3.3.3, 10.1.2.3', '10.3.3.3'],
    ['IPv6 proxies, with ports', '203.0.113.7, [fd00::2]:80, ::1', '203.0.113.7'],
  ])('%s: %s', (_proxy, header, client) => {
    expect(clientAddress(proxy, header)).toBe(client);
  });

  test('a client has one address in every notation', () => {
    const spellings = ['2001:db8::1', '2001:DB8:0:0::2', '[2001:0db8:0::3]:4', '"[2001:db8::4]"', '2001:db8::5%1'];
    expect(new Set(spellings.map((text) => clientAddress(proxy, text))).size).toBe(1);
  });
});

describe('an invalid address counts as the proxy that passed it', () => {
  test.each([
    '',
    ' ',
    ',',
    '203.0.113.7,',
    '203.0.113.7, ,',
    'unknown',
    '203.0.113.7, unknown',
    '_hidden',
    '_SEVKISEK:80',
    'unix:',
    'localhost',
    'client.example',
    '203.0.113.7:',
    '203.0.113.7:123456',
    '203.0.113.7:x',
    '203.0.113.07',
    '203.0.113',
    '203.0.113.256',
    '203.0.113.7/32',
    '203.0.113.7%eth0',
    '3405803783',
    '0xcb.0.113.7',
    '[203.0.113.7]',
    '[2001:db8::7',
    '2001:db8::7]',
    '[2001:db8::7]x',
    '[2001:db8::7]:123456',
    '2001:db8:::7',
    '2001:db8:1:2:3:4:5:6:443',
    '"203.0.113.7',
    '203.0.113.7"',
    'for=203.0.113.7',
    '203.0.113.7;10.0.0.1',
    '203.0.113.7 10.0.0.1',
    '\u0000203.0.113.7',
  ])('%j', (header) => {
    expect(clientAddress(proxy, header)).toBe(proxy);
    // The nearest known proxy, not the peer.
    expect(clientAddress('127.0.0.1', `${header}, 10.1.2.3`)).toBe('10.1.2.3');
  });
});

test('the header of an untrusted peer is ignored, and a peer without a header is the client', () => {
  expect(clientAddress('198.51.100.9', '203.0.113.7')).toBe('198.51.100.9');
  expect(clientAddress('::ffff:198.51.100.9', '203.0.113.7')).toBe('198.51.100.9');
  expect(clientAddress('2001:db8:1:2:3::4', '203.0.113.7')).toBe('2001:db8:1:2::/64');
  expect(clientAddress(proxy, undefined)).toBe(proxy);
  expect(clientAddress('::ffff:10.0.0.7', '203.0.113.7')).toBe('203.0.113.7');
  expect(createClientIp([])('127.0.0.1', '203.0.113.7')).toBe('127.0.0.1');
});

test.each<[block: string, inside: string[], outside: string[]]>([
  ['loopback', ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'], ['128.0.0.1', '::2', '10.0.0.1']],
  ['linklocal', ['169.254.1.1', 'fe80::1', 'fe80::1%eth0'], ['169.253.1.1', 'fec0::1']],
  [
    'uniquelocal',
    ['10.1.1.1', '172.16.0.1', '172.31.9.9', '192.168.1.1', 'fc00::1', 'fdff::1'],
    ['172.32.0.1', 'fe00::1'],
  ],
  ['172.16.0.0/12', ['172.16.0.1', '172.31.255.255'], ['172.15.0.1', '172.32.0.1']],
  ['10.0.0.5/8', ['10.255.0.1'], ['11.0.0.1']],
  ['192.0.2.1/32', ['192.0.2.1', '::ffff:192.0.2.1'], ['192.0.2.2']],
  ['192.0.2.1', ['192.0.2.1'], ['192.0.2.2']],
  ['::ffff:192.0.2.1', ['192.0.2.1', '::ffff:c000:201'], ['192.0.2.2']],
  ['2001:DB8::/32', ['2001:db8:ffff::1'], ['2001:db9::1']],
])('the block %s', (block, inside, outside) => {
  const address = createClientIp([block]);
  for (const peer of inside) expect(address(peer, '203.0.113.7'), peer).toBe('203.0.113.7');
  for (const peer of outside) expect(address(peer, '203.0.113.7'), peer).not.toBe('203.0.113.7');
});
