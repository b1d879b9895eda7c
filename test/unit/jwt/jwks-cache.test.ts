/** The JWKS cache: fetches, failures and recovery. The tests use a fake clock. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createJwksCache } from '../../../src/auth/jwt/jwks-cache.ts';
import type { KeyEvent } from '../../../src/auth/jwt/key-source.ts';
import { createRemoteJwks } from '../../../src/auth/jwt/remote-jwks.ts';
import { createVerifier, type TokenVerifier } from '../../../src/auth/jwt/verifier.ts';
import { type JwksServer, misbehaviours, startJwksServer } from '../../support/jwks-server.ts';
import { makeIssuer } from '../../support/tokens.ts';
import { audience, claims, expectRefused, expectUnavailable, issuer, now } from './fixtures.ts';

const old = makeIssuer();
const young = makeIssuer();

const second = 1_000;
const minute = 60 * second;

let server: JwksServer;
let time: number;
let events: KeyEvent[];
let verifier: TokenVerifier;

beforeEach(async () => {
  server = await startJwksServer(old.jwks);
  time = now * 1000;
  // Each test has its own list, because a hanging fetch of one test ends during the next.
  const list: KeyEvent[] = [];
  events = list;
  const clock = () => time;
  const keys = createRemoteJwks({ url: server.url, clock, onEvent: (event) => list.push(event) });
  verifier = createVerifier({ keys, algorithms: ['EdDSA'], issuer, audience, clock });
});

afterEach(async () => {
  vi.useRealTimers();
  await server.close();
});

/** Every call creates a different token, so that the token cache is not used. */
let tokens = 0;
const tokenOf = (signer: typeof old, header?: object): string => {
  tokens += 1;
  return signer.sign(claims({ jti: tokens, exp: now + 10 * 3_600 }), header);
};
const verify = (signer: typeof old, header?: object) => verifier.verify(tokenOf(signer, header));

/** Waits for what happens on the network. It moves no fake clock, unlike `vi.waitFor`. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

const fetchesEnded = (count: number) => until(() => events.length === count);
const fetchesBegun = (count: number) => until(() => server.requests === count);

describe('tokens with unknown keys', () => {
  test('1,000 random kids make at most one request in 30 s, and a valid token is accepted meanwhile', async () => {
    await verify(old);
    expect(server.requests).toBe(1);
    for (let minutes = 1; minutes <= 3; minutes += 1) {
      time += 30 * second;
      const refused = Array.from({ length: 1_000 }, (_, kid) =>
        expectRefused(verify(old, { kid: `${minutes}-${kid}` }), /^the key must be known/),
      );
      await expect(verify(old)).resolves.toBeTruthy();
      await Promise.all(refused);
      for (let kid = 0; kid < 20; kid += 1) await expectRefused(verify(old, { kid: `late-${kid}` }));
      expect(server.requests).toBe(1 + minutes);
    }
  });

  test('are rejected without a request within 30 s of the last one', async () => {
    await verify(old);
    time += 29.9 * second;
    await expectRefused(verify(young), /^the key must be known/);
    expect(server.requests).toBe(1);
  });
});

describe('rotation', () => {
  test('a new key is accepted with its first token if the last fetch is 30 s ago', async () => {
    await verify(old);
    server.serve({ keys: [old.jwk, young.jwk] });
    time += 30 * second;
    await expect(verify(young)).resolves.toBeTruthy();
    await expect(verify(old)).resolves.toBeTruthy();
    expect(server.requests).toBe(2);
  });

  test('otherwise within 30 s of its first use', async () => {
    await verify(old);
    server.serve({ keys: [old.jwk, young.jwk] });
    time += 1 * second;
    await expectRefused(verify(young), /^the key must be known/);
    time += 29 * second;
    await expect(verify(young)).resolves.toBeTruthy();
  });

  test('a removed key is rejected after the next fetch, also for cached tokens', async () => {
    const seen = tokenOf(old);
    await verifier.verify(seen);
    server.serve(young.jwks);
    time += 30 * second;
    await expect(verifier.verify(seen)).resolves.toBeTruthy();
    await expect(verify(young)).resolves.toBeTruthy();
    await expectRefused(verifier.verify(seen), /^the key must be known/);
    await expectRefused(verify(old), /^the key must be known/);
  });

  test('another key with the same kid replaces the old one, also for cached tokens', async () => {
    const successor = makeIssuer({ kid: old.kid });
    const seen = tokenOf(old);
    await verifier.verify(seen);
    server.serve(successor.jwks);
    time += 30 * second;
    await expectRefused(verify(young), /^the key must be known/);
    await expect(verify(successor)).resolves.toBeTruthy();
    await expectRefused(verifier.verify(seen), /^the signature must verify/);
  });

  test('keys are fetched again in the background after 5 minutes', async () => {
    await verify(old);
    server.behave(misbehaviours.hangs);
    time += 5 * minute - 1;
    await verify(old);
    expect(server.requests).toBe(1);
    time += 1;
    await Promise.all([verify(old), verify(old), verify(old)]);
    await fetchesBegun(2);
    await verify(old);
    expect(server.requests).toBe(2);
  });

  test('cached tokens stay valid if their key is published again unchanged', async () => {
    const seen = tokenOf(old);
    const user = await verifier.verify(seen);
    server.serve({ keys: [young.jwk, { ...old.jwk, note: 'as before' }] });
    time += 30 * second;
    await verify(young);
    await expect(verifier.verify(seen)).resolves.toBe(user);
  });

  test('a removed key is rejected after that', async () => {
    await verify(old);
    server.serve(young.jwks);
    time += 5 * minute;
    await verify(old);
    await fetchesEnded(2);
    await expectRefused(verify(old), /^the key must be known/);
  });
});

/** Misbehaviours that only the timeout ends. */
const endless = ['hangs', 'sends its headers and hangs', 'drips a byte now and then'];

describe.each(Object.entries(misbehaviours))('the endpoint %s', (behaviour, misbehave) => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });

  /** Waits for the end of this many fetches. An endless fetch ends at the timeout, and not before. */
  async function fetchesFail(count: number): Promise<void> {
    await fetchesBegun(count);
    if (endless.includes(behaviour)) {
      await vi.advanceTimersByTimeAsync(4_000);
      expect(events).toHaveLength(count - 1);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    await fetchesEnded(count);
    expect(events.at(-1)).toMatchObject({ type: 'keys_fetch_failed' });
  }

  test('without cached keys: 503, one fetch, backoff, and recovery', async () => {
    server.behave(misbehave);
    const many = Array.from({ length: 20 }, () => expectUnavailable(verify(old)));
    await fetchesFail(1);
    await Promise.all(many);

    await expectUnavailable(verify(old));
    expect(server.paths).toEqual(['/jwks']);

    server.serve(old.jwks);
    time += 1 * second;
    await expect(verify(old)).resolves.toBeTruthy();
    expect(server.paths).toEqual(['/jwks', '/jwks']);
    expect(events.at(-1)).toEqual({ type: 'keys_fetched', usable: 1, unused: [] });
  });

  test('with cached keys: they are used for an hour', async () => {
    const seen = tokenOf(old);
    await verifier.verify(seen);
    server.behave(misbehave);
    time += 5 * minute;
    await expect(verify(old)).resolves.toBeTruthy();
    await fetchesFail(2);
    await expect(verify(old)).resolves.toBeTruthy();
    // An unknown key cannot be verified now.
    await expectUnavailable(verify(young));
    expect(server.requests).toBe(2);

    time = now * 1000 + 60 * minute - 1;
    await expect(verify(old)).resolves.toBeTruthy();
    await fetchesFail(3);
    time += 1;
    await expectUnavailable(verify(old));
    await expectUnavailable(verifier.verify(seen));
  });
});

test('a fetch is aborted at its timeout', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const closed = vi.fn();
  server.behave((request, response) => {
    response.on('close', closed);
    misbehaviours['drips a byte now and then'](request, response);
  });
  const unavailable = expectUnavailable(verify(old));
  await fetchesBegun(1);
  await vi.advanceTimersByTimeAsync(5 * second);
  await unavailable;
  await until(() => closed.mock.calls.length > 0);
});

test('a JWKS can have at most 256 KiB', async () => {
  const document = JSON.stringify(old.jwks);
  const answer = (length: number) =>
    server.behave((_, response) => {
      response.end(document.padEnd(length));
    });
  answer(256 * 1024 + 1);
  await expectUnavailable(verify(old));
  time += 1 * second;
  answer(256 * 1024);
  await expect(verify(old)).resolves.toBeTruthy();
});

test('the endpoint refuses connections: 503', async () => {
  await server.close();
  await expectUnavailable(verify(old));
  const error = new Error('the JWKS endpoint cannot be reached: ECONNREFUSED');
  expect(events).toEqual([{ type: 'keys_fetch_failed', error, retryInMs: expect.any(Number) }]);
});

test('a malformed token is 401 without keys, and causes no fetch', async () => {
  server.behave(misbehaviours.hangs);
  await expectRefused(verifier.verify('x.y.z'), /canonical base64url/);
  await expectRefused(verify(old, { alg: 'none' }), /^alg must be/);
  expect(server.requests).toBe(0);
});

test('backoff doubles up to 30 s, and resets after a successful fetch', async () => {
  server.behave(misbehaviours['answers 500']);
  const pauses: number[] = [];
  for (let count = 1; count <= 8; count += 1) {
    await expectUnavailable(verify(old));
    const event = events.at(-1);
    if (event?.type !== 'keys_fetch_failed') expect.fail('the fetch did not fail');
    pauses.push(event.retryInMs);
    time += event.retryInMs - 1;
    await expectUnavailable(verify(old));
    expect(server.requests).toBe(count);
    time += 1;
  }
  [1, 2, 4, 8, 16, 30, 30, 30].forEach((seconds, index) => {
    expect(pauses[index]).toBeGreaterThanOrEqual((seconds * second) / 2);
    expect(pauses[index]).toBeLessThanOrEqual(seconds * second);
  });

  server.serve(old.jwks);
  await verify(old);
  server.behave(misbehaviours['answers 500']);
  time += 30 * second;
  await expectUnavailable(verify(young));
  const event = events.at(-1);
  expect(event?.type === 'keys_fetch_failed' && event.retryInMs).toBeLessThanOrEqual(1 * second);
});

describe('keys of the embedded issuer', () => {
  test('come from a function, with the same backoff', async () => {
    const load = vi.fn(async (): Promise<unknown> => old.jwks);
    const clock = () => time;
    const keys = createJwksCache(load, { clock });
    verifier = createVerifier({ keys, algorithms: ['EdDSA'], issuer, audience, clock });
    await expect(verify(old)).resolves.toBeTruthy();
    await expectRefused(verify(young), /^the key must be known/);
    expect(load).toHaveBeenCalledTimes(1);
    load.mockResolvedValue({ keys: [old.jwk, young.jwk] });
    time += 30 * second;
    await expect(verify(young)).resolves.toBeTruthy();
    load.mockRejectedValue(new Error('the database is away'));
    time += 5 * minute;
    await expect(verify(young)).resolves.toBeTruthy();
    expect(load).toHaveBeenCalledTimes(3);
  });

  test('time out if the function never ends', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const keys = createJwksCache(() => new Promise(() => {}), { clock: () => time });
    const unavailable = expectUnavailable(Promise.resolve(keys.get()));
    await vi.advanceTimersByTimeAsync(5 * second);
    await unavailable;
  });
});
