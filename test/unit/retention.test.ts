/** The lifetime of idempotency keys, in the texts that cannot import it. */
import { expect, test } from 'vitest';
import { retentionHours } from '../../src/idempotency/retention.ts';
import { catalogue } from '../../src/problems/catalogue.ts';

test('the problem of a reused key names the lifetime of keys', () => {
  expect(catalogue.idempotency_key_reused.detail).toContain(`in the last ${retentionHours} hours`);
});
