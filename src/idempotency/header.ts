/** The `Idempotency-Key` header, which makes a write safe to repeat. */
import { z } from 'zod';
import { retentionHours } from './retention.ts';

/** Maximum length of a key. */
export const maxKeyLength = 255;

/** For the headers of every operation that writes. */
export const idempotencyKey = {
  'idempotency-key': z
    .string()
    .refine(
      (key) => key.length <= maxKeyLength && /^[\x21-\x7e]+$/.test(key),
      `must have 1 to ${maxKeyLength} visible ASCII characters`,
    )
    .optional()
    .meta({
      description: `Makes the write safe to repeat. For ${retentionHours} hours, the same request with the same key gets the response of the first one.`,
      example: '0193a5b0-a1f3-7d3e-8c55-5b1f7f0e2d11',
    }),
};

/** The problems of the header. */
export const keyProblems = ['request_in_progress', 'idempotency_key_reused', 'quota_exceeded'] as const;
