/** A valid request to each endpoint of the embedded issuer that is always mounted. */
import { noFeatures } from '../../src/auth/better-auth/features.ts';
import { issuerDescriptions } from '../../src/auth/better-auth/operations.ts';

export interface IssuerRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}

/** A user who has signed up. */
export interface Person {
  readonly email: string;
  readonly password: string;
}

/** The bodies of the endpoints that need one. */
function bodiesOf({ email, password }: Person): Readonly<Record<string, object>> {
  return {
    '/sign-up/email': { name: 'Ada', email: `new-${email}`, password },
    '/sign-in/email': { email, password },
    '/change-password': { currentPassword: password, newPassword: `new ${password}` },
    '/delete-user': { password },
    '/update-user': { name: 'Ada Lovelace' },
    '/revoke-session': { token: 'x' },
  };
}

/** @throws an error that names the endpoints whose body is missing above */
export function requestsToAll(person: Person): IssuerRequest[] {
  const bodies = bodiesOf(person);
  return issuerDescriptions(noFeatures).map(({ method, path, endpoint, request }) => {
    const body = bodies[endpoint];
    if (request.body && !body) throw new Error(`put a body into the table for ${endpoint}`);
    return { method: method.toUpperCase(), path, ...(body && { body }) };
  });
}
