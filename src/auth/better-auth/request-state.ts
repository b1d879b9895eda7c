/** What the embedded issuer knows about the request that it handles, besides what Better Auth knows. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Email } from './emails.ts';
import type { IssuerClient } from './limits.ts';

export interface RequestState {
  readonly client: IssuerClient;
  /** The address of a sign-in with a password, in lower case; null for another request. */
  signInEmail: string | null;
  /** The page that the links in the e-mails of this request lead to; null for the default. */
  page: URL | null;
  /** The e-mails to send after the commit. */
  readonly emails: Email[];
  /** The hash of a new password, computed before the request holds a connection. */
  newHash: { readonly password: string; readonly hash: string } | null;
  /** The user whose account or API tokens were erased, with the ids of the tokens. */
  erased: { readonly userId: string; readonly tokens: readonly string[] } | null;
}

/** The state of the request that is being handled; none outside of a request. */
export type RequestStates = AsyncLocalStorage<RequestState>;

export function createRequestStates(): RequestStates {
  return new AsyncLocalStorage();
}

export function newRequestState(client: IssuerClient): RequestState {
  return { client, signInEmail: null, page: null, emails: [], newHash: null, erased: null };
}
