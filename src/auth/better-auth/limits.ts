/** Rate limits of the embedded issuer's endpoints: requests, rejected passwords and codes, sign-ups, and e-mails. */
import { hash } from 'node:crypto';
import { createMemoryCounter, hourMs, type MemoryCounter } from '../../rate-limit/fixed-window.ts';
import { type LimitPolicy, rateLimited, rateLimitHeaders } from '../../rate-limit/headers.ts';

/** The maximum rejected passwords for an account from one address and minute. */
export const maxRejectedPerMinute = 10;
/** The rejected passwords for an account in an hour, from all addresses, after which each address may guess less. */
const suspiciousPerHour = 100;
/** The maximum rejected passwords for such an account from one address and hour. */
const maxRejectedPerHour = 20;
/** The sign-ups that one with an existing e-mail address counts for, because its response reveals that address. */
const costOfExistingUser = 6;

/** The maximum requests for an e-mail from one address and hour. Each recipient has a limit of its own. */
export const maxEmailRequestsPerHour = 20;

const attemptsInProgress = 'Too many attempts from your address are in progress. Send fewer at a time.';

/** Better Auth's codes for a rejected password, or for a rejected code of a second factor. */
const rejectedPassword = new Set([
  'INVALID_EMAIL_OR_PASSWORD',
  'INVALID_PASSWORD',
  'INVALID_CODE',
  'INVALID_BACKUP_CODE',
]);
const existingUser = 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL';

export interface IssuerLimitOptions {
  /** Requests per session and minute, and per address and minute without a session; 0 disables the limit. */
  readonly requests: number;
  /** Rejected passwords per address and minute; 0 disables the limit. */
  readonly authFailures: number;
  /** Sign-ups per address and hour; 0 disables the limit. */
  readonly signUps: number;
}

/** The client of a request. */
export interface IssuerClient {
  readonly address: string;
  /** The token of its session, if the signature is valid. The session may have ended. */
  readonly sessionToken: string | null;
}

/** The result of an attempt: a success, or Better Auth's code of the error, if it has one. */
export type AttemptResult = { readonly isSuccess: true } | { readonly isSuccess: false; readonly authCode?: string };

/** Ends an attempt. Slots that the result does not use are given back. */
export type EndAttempt = (result: AttemptResult) => void;

export interface IssuerLimits {
  /**
   * Counts a request.
   *
   * @param setHeaders gets the header fields of the limit
   * @throws ProblemError rate_limited
   */
  countRequest(client: IssuerClient, setHeaders: SetHeaders): void;
  /**
   * Begins an attempt that checks a password or creates a user. It counts before the check, so parallel attempts cannot
   * exceed a limit.
   *
   * @param endpoint the path of the endpoint below the path of the issuer
   * @param email the `email` of the body
   * @throws ProblemError rate_limited
   */
  begin(endpoint: string, client: IssuerClient, email: unknown, setHeaders: SetHeaders): EndAttempt;
  /** An upper bound for the number of keys in memory. */
  readonly keys: number;
}

type SetHeaders = (headers: readonly string[]) => void;

/** A counted request that can be given back. */
interface Slot {
  readonly counter: MemoryCounter | null;
  readonly key: string;
  readonly policy: LimitPolicy;
  readonly detail: string;
  /** Whether it counts without a limit. */
  readonly onlyCounts?: boolean;
}

export function createIssuerLimits(options: IssuerLimitOptions): IssuerLimits {
  const requests = counterOf(options.requests);
  const perAddress = counterOf(options.authFailures);
  const signUps = counterOf(options.signUps, hourMs);
  const perMinute = createMemoryCounter(maxRejectedPerMinute);
  const perHour = createMemoryCounter(maxRejectedPerHour, { windowMs: hourMs });
  const accounts = createMemoryCounter(suspiciousPerHour, { windowMs: hourMs });
  const emails = createMemoryCounter(maxEmailRequestsPerHour, { windowMs: hourMs });
  /** The number of attempts that have begun and not ended, by the policy and the key of their slots. */
  const inProgress = new Map<string, number>();

  /** @param account a key of bounded length */
  function passwordSlots(account: string, address: string): Slot[] {
    const policy = 'passwords';
    const key = `${account} ${address}`;
    const isSuspicious = accounts.get(account).remaining <= 0;
    const detail = 'Too many passwords for this account were refused from your address.';
    return [
      { counter: perAddress, key: address, policy, detail: 'Too many passwords were refused from your address.' },
      { counter: perMinute, key, policy, detail },
      { counter: perHour, key, policy, detail, onlyCounts: !isSuspicious },
      { counter: accounts, key: account, policy, detail, onlyCounts: true },
    ];
  }

  function slotsOf(endpoint: string, { address, sessionToken }: IssuerClient, email: unknown): Slot[] {
    switch (endpoint) {
      case '/sign-in/email':
        return passwordSlots(digestOf(`account ${String(email).toLowerCase()}`), address);
      case '/change-password':
      case '/delete-user':
      case '/two-factor/enable':
      case '/two-factor/disable':
      case '/two-factor/generate-backup-codes':
        return sessionToken === null ? [] : passwordSlots(digestOf(`session ${sessionToken}`), address);
      case '/two-factor/verify-totp':
      case '/two-factor/verify-backup-code':
        // Without a session, Better Auth limits the codes per sign-in and per account.
        return sessionToken === null
          ? passwordSlots(digestOf(`codes ${address}`), address)
          : passwordSlots(digestOf(`session ${sessionToken}`), address);
      case '/request-password-reset':
      case '/send-verification-email':
      case '/change-email':
        return [
          {
            counter: emails,
            key: address,
            policy: 'emails',
            detail: 'Your address has reached the limit of requests for an e-mail in an hour.',
          },
        ];
      case '/sign-up/email':
        return [
          {
            counter: signUps,
            key: address,
            policy: 'sign_ups',
            detail: 'Your address has reached the limit of sign-ups in an hour.',
          },
        ];
      default:
        return [];
    }
  }

  return {
    countRequest({ address, sessionToken }, setHeaders) {
      if (!requests) return;
      const result = requests.consume(sessionToken === null ? `address ${address}` : digestOf(sessionToken));
      setHeaders(rateLimitHeaders('requests', result));
      if (result.remaining >= 0) return;
      throw rateLimited('requests', `You have sent more than ${result.quota} requests in a minute.`, result);
    },

    begin(endpoint, client, email, setHeaders) {
      const taken: Slot[] = [];
      const giveBack = () => {
        for (const { counter, key } of taken) counter?.giveBack(key);
      };
      const slots = slotsOf(endpoint, client, email);
      for (const slot of slots) {
        const result = slot.counter?.consume(slot.key);
        taken.push(slot);
        if (!result || slot.onlyCounts || result.remaining >= 0) continue;
        giveBack();
        setHeaders(rateLimitHeaders(slot.policy, result));
        // Attempts in progress may succeed and give their slots back.
        if (result.remaining + (inProgress.get(attemptKey(slot)) ?? 0) >= 0) {
          throw rateLimited(slot.policy, attemptsInProgress, { ...result, resetSeconds: 1 });
        }
        throw rateLimited(slot.policy, slot.detail, result);
      }
      const attemptKeys = new Set(slots.map(attemptKey));
      for (const key of attemptKeys) inProgress.set(key, (inProgress.get(key) ?? 0) + 1);
      return (result) => {
        for (const key of attemptKeys) {
          const others = (inProgress.get(key) ?? 0) - 1;
          if (others > 0) inProgress.set(key, others);
          else inProgress.delete(key);
        }
        const authCode = result.isSuccess ? undefined : result.authCode;
        // Only passwords and codes are counted if they are rejected. Sign-ups and e-mails are counted if they succeed.
        if (slots.some(({ policy }) => policy === 'passwords')) {
          if (!rejectedPassword.has(authCode ?? '')) giveBack();
        } else if (authCode === existingUser && endpoint === '/sign-up/email') {
          signUps?.consume(client.address, costOfExistingUser - 1);
        } else if (!result.isSuccess) giveBack();
      };
    },

    get keys() {
      const counters = [requests, perAddress, signUps, perMinute, perHour, accounts, emails];
      return counters.reduce((sum, counter) => sum + (counter?.keys ?? 0), 0);
    },
  };
}

function attemptKey({ policy, key }: Slot): string {
  return `${policy} ${key}`;
}

function counterOf(quota: number, windowMs?: number): MemoryCounter | null {
  return quota > 0 ? createMemoryCounter(quota, windowMs === undefined ? {} : { windowMs }) : null;
}

/** A key of fixed length, so that a client cannot fill the memory with long ones. */
function digestOf(text: string): string {
  return hash('sha256', text, 'base64url');
}
