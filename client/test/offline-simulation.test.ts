/** A short run of the simulation of the offline store. `npm run simulate` runs longer ones. */
import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../test/support/databases.ts';
import { startApp } from '../simulation/app-server.ts';
import { simulate } from '../simulation/run.ts';

test('no invariant is violated in ten thousand steps', async () => {
  // A failure names its seed.
  const { counts, steps } = await simulate(Date.now() % 1_000_000, 10_000);
  expect(steps).toBeGreaterThanOrEqual(10_000);
  for (const name of ['operations', 'rejected', 'changes', 'requests', 'tabs'])
    expect(counts[name]).toBeGreaterThan(10);
});

test('the same seed has the same trace, and another seed another one', async () => {
  const [first, second, other] = [await simulate(7, 1_500), await simulate(7, 1_500), await simulate(8, 1_500)];
  expect(second).toEqual(first);
  expect(other?.trace).not.toBe(first?.trace);
});

test('no invariant is violated with the application as the server', async () => {
  const database = await createTestDatabase();
  const app = await startApp(database.driver);
  onTestFinished(() => app.close());
  const { counts } = await simulate(Date.now() % 1_000_000, 2_000, { createServer: app.createServer });
  for (const name of ['operations', 'changes', 'requests']) expect(counts[name]).toBeGreaterThan(5);
});
