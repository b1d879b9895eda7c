/** The keys that an issuer elsewhere publishes (RFC 7517, 5). */

import { isCertificateError } from '../../database/errors.ts';
import { parseStrictJson } from '../../json/strict-json.ts';
import { createJwksCache, type JwksCacheOptions } from './jwks-cache.ts';
import type { KeySource } from './key-source.ts';

export interface RemoteJwksOptions extends JwksCacheOptions {
  /** Where the JWK Set is. Redirects are not followed: what is configured is what is trusted. */
  readonly url: string;
}

/** The largest JWK Set that is read, in bytes after decompression. */
const maxDocumentBytes = 256 * 1024;

/** A key source that fetches from a URL when it is first asked, and from then on as `refreshing-keys` has it. */
export function createRemoteJwks({ url, ...options }: RemoteJwksOptions): KeySource {
  return createJwksCache((signal) => fetchDocument(url, signal), options);
}

async function fetchDocument(url: string, signal: AbortSignal): Promise<unknown> {
  const headers = { Accept: 'application/jwk-set+json, application/json' };
  const response = await fetch(url, { signal, redirect: 'manual', headers }).catch(unreachable);
  if (response.status !== 200 || !response.body) {
    await response.body?.cancel();
    throw new Error(`the JWKS endpoint answered with status ${response.status}`);
  }
  return parseStrictJson(await readAtMost(maxDocumentBytes, response.body));
}

/** `fetch` itself says no more than "fetch failed"; what happened is the code of the error behind. */
function unreachable(error: Error & { cause?: { code?: string } }): never {
  const fix = isCertificateError(error.cause)
    ? '; start the server with NODE_EXTRA_CA_CERTS=FILE if it is private'
    : '';
  throw new Error(`the JWKS endpoint cannot be reached: ${error.cause?.code ?? error.message}${fix}`, { cause: error });
}

/** Stops at the first byte too many; leaving the loop closes the connection. */
async function readAtMost(limit: number, body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) throw new Error(`the JWK Set is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
