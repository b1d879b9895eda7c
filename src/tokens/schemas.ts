/** Schemas of API tokens, in requests and in responses. */
import { z } from 'zod';
import { apiTokenPrefix } from '../auth/api-tokens/format.ts';
import { trimmedText } from '../http/request/text.ts';
import { resourceId, timestamp } from '../resource/schemas.ts';
import { scopes as allScopes } from '../vocabulary.ts';

export const nameLength = 100;

/** The lifetime of a token in days. */
export const lifetimeDays = { max: 365, default: 90 } as const;

const example = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

const name = trimmedText(1, nameLength).meta({
  description: 'Name with at least one visible character. The history names the token as the `actor` of its changes.',
  example: 'Backup script',
});

const scope = z.enum(allScopes).meta({ id: 'Scope', description: 'What a token may do.' });

/** A token in the list. */
export const token = z
  .strictObject({
    id: resourceId,
    name,
    scopes: z.array(scope),
    prefix: z.string().meta({
      description: 'The beginning of the token, which identifies it and is not secret.',
      example: apiTokenPrefix(example),
    }),
    created_at: timestamp,
    expires_at: timestamp.meta({ description: 'From this time on, the token is rejected.' }),
    last_used_at: timestamp
      .nullable()
      .meta({ description: 'The time of a use, at most an hour before the last one; null if the token was not used.' }),
  })
  .meta({ id: 'ApiToken', description: 'An API token of the authenticated user.' });

export type Token = z.output<typeof token>;

/** The response to a creation. */
export const createdToken = token
  .extend({
    token: z
      .string()
      .nullable()
      .meta({
        description:
          'The token itself. It is shown once: in the response to a repeated request with the same `Idempotency-Key`, it is null, because the server does not store it.',
        example: `${apiTokenPrefix(example)}_SECRET_CHECKS`,
      }),
  })
  .meta({ id: 'CreatedApiToken', description: 'A new API token.' });

export const tokenCreate = z
  .strictObject({
    name,
    scopes: z.array(scope).min(1).max(allScopes.length).meta({
      description:
        'What the token may do: `tasks:read` to read, `tasks:write` to write, `tasks:purge` to delete permanently.',
    }),
    expires_in_days: z
      .int()
      .min(1)
      .max(lifetimeDays.max)
      .default(lifetimeDays.default)
      .meta({ description: 'The number of days for which the token is valid.' }),
  })
  .meta({
    id: 'ApiTokenCreate',
    description: 'A new API token.',
    examples: [{ name: 'Backup script', scopes: ['tasks:read'], expires_in_days: 30 }],
  });
