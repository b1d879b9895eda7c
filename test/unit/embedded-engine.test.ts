/** The engine of the embedded database: responses are not retained. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PGlite } from '@electric-sql/pglite';
import { serialize } from 'pg-protocol';
import { expect, test } from 'vitest';
import { engineOf } from '../../src/database/pglite/engine.ts';

const answerBytes = 100_000;

test('hundreds of large responses are released', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const heap = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const engine = engineOf(await PGlite.create());
  const connection = await engine.connect();
  const ask = async (times: number) => {
    for (let count = 0; count < times; count += 1) {
      const answer = await connection.exchange(serialize.query(`select repeat('x', ${answerBytes})`));
      expect(answer.length).toBeGreaterThan(answerBytes);
    }
  };
  await ask(10);
  const before = heap();
  await ask(300);
  expect(heap() - before).toBeLessThan(0.2 * 300 * answerBytes);
  await engine.close();
});
