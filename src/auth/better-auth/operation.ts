/** The description of an endpoint of the embedded issuer, and the schemas that several endpoints share. */
import { z } from 'zod';
import { text } from '../../http/request/text.ts';
import type { AnyDescription, ResponseDescription } from '../../http/route.ts';
import type { ProblemCode } from '../../problems/catalogue.ts';
import type { IssuerFeature } from './features.ts';
import { passwordLength } from './password-length.ts';

const tag = 'Authentication (embedded issuer only)';
/** The path of the issuer below the base path of the server. */
export const issuerPath = '/api/auth';

/** Maximum size of a body in bytes: more than all fields of the largest one in UTF-8. */
export const issuerBodyLimit = 8 * 1024;

export const timestamp = z.string().meta({ format: 'date-time', example: '2026-11-20T09:30:00.000Z' });
/** At most 254 characters: RFC 5321, section 4.5.3.1.3, without the angle brackets. */
export const email = text(254).meta({ format: 'email', example: 'ada@example.com' });
/** Whether Better Auth accepts an address. A mail server decides whether it exists. */
export const isEmailAddress = (value: string) => z.email().safeParse(value).success;
/** Better Auth checks the length, with its own codes of errors. */
export const anyPassword = text(issuerBodyLimit).meta({ maxLength: passwordLength.max });
export const password = anyPassword.meta({
  minLength: passwordLength.min,
  description: 'At least 8 characters that are not easy to guess, for example four or more unrelated words.',
});
export const url = text(2048);

export const user = z
  .strictObject({
    id: z.string().meta({ description: 'The `sub` of the user’s tokens.', example: 'r4Tk2bQvXcYw7Zn1' }),
    name: z.string(),
    email: z.string().meta({ format: 'email', example: 'ada@example.com' }),
    emailVerified: z.boolean(),
    image: z.string().nullable(),
    createdAt: timestamp,
    updatedAt: timestamp,
    twoFactorEnabled: z.boolean().optional().meta({
      description: 'Whether a sign-in needs a second factor. Absent if the server does not support it.',
    }),
  })
  .meta({ id: 'User', description: 'A user of the embedded issuer.' });

export const statusResponse = z
  .strictObject({ status: z.boolean() })
  .meta({ id: 'StatusResponse', description: 'Whether the operation succeeded.' });

export const sessionHeaders = {
  'Set-Auth-Token': 'The session token, for `Authorization: Bearer` of clients without cookies.',
  'Set-Cookie': 'The session cookie, for browsers.',
};

/** The schema of a body or a query. */
export type Fields = z.ZodObject;

export interface IssuerDescription extends AnyDescription {
  readonly method: 'get' | 'post';
  readonly token: 'session' | 'none';
  /** The path below the path of the issuer. */
  readonly endpoint: string;
  readonly request: { readonly body?: Fields; readonly query?: Fields };
  /** The feature without which the endpoint is not mounted; undefined for endpoints that are always mounted. */
  readonly needs: IssuerFeature | undefined;
}

interface Endpoint {
  readonly token: 'session' | 'none';
  readonly description?: string;
  readonly body?: Fields;
  readonly query?: Fields;
  readonly response: ResponseDescription;
  /** The status of the response. Default: 200. */
  readonly status?: number;
  /** In addition to the problems of every issuer endpoint. */
  readonly problems?: readonly ProblemCode[];
  readonly needs?: IssuerFeature;
}

export function get(id: string, path: string, summary: string, endpoint: Endpoint): IssuerDescription {
  return describe('get', id, path, summary, endpoint);
}

export function post(id: string, path: string, summary: string, endpoint: Endpoint): IssuerDescription {
  return describe('post', id, path, summary, endpoint);
}

function describe(
  method: 'get' | 'post',
  id: string,
  path: string,
  summary: string,
  { token, description, body, query, response, status = 200, problems = [], needs }: Endpoint,
): IssuerDescription {
  return {
    id,
    method,
    path: `${issuerPath}${path}`,
    endpoint: path,
    tag,
    summary,
    ...(description !== undefined && { description }),
    token,
    request: { ...(body && { body }), ...(query && { query }) },
    bodyLimit: issuerBodyLimit,
    responses: { [status]: response },
    problems: [...problems, 'rate_limited', 'database_unavailable', 'overloaded', 'timeout'],
    needs,
  };
}
