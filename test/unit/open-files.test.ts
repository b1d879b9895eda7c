import { expect, test } from 'vitest';
import { availableConnections } from '../../src/server/open-files.ts';

const limits = (soft: string) =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft.padEnd(20)} 524288               files\n`;

test('connections leave descriptors for the rest of the process', () => {
  expect(availableConnections(limits('20000'))).toBe(19_700);
  expect(availableConnections(limits('1024'))).toBe(724);
  expect(availableConnections(limits('64'))).toBe(100);
  expect(availableConnections(limits('unlimited'))).toBe(Number.POSITIVE_INFINITY);
  expect(availableConnections('')).toBe(Number.POSITIVE_INFINITY);
});

test.runIf(process.platform === 'linux')('the limit of this process is known', () => {
  expect(availableConnections()).toBeGreaterThanOrEqual(100);
  expect(availableConnections()).toBeLessThan(Number.POSITIVE_INFINITY);
});
