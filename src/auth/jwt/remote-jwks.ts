/** A key source for the JWK Set at a URL (RFC 7517, 5). */
import { parseStrictJson } from '../../json/strict-json.ts';
import { isCertificateError } from '../../runtime/certificate-error.ts';
import { createJwksCache, type JwksCacheOptions } from './jwks-cache.ts';
import type { KeySource } from './key-source.ts';

export interface RemoteJwksOptions extends JwksCacheOptions {
  /** The URL of the JWK Set. Redirects are not followed, because only the configured URL is trusted. */
  readonly url: string;
}

/** Maximum size of a JWK Set in bytes, after decompression. */
const maxDocumentBytes = 256 * 1024;

/** Fetches the keys at the first use, and later as `createJwksCache` describes. */
export function createRemoteJwks({ url, ...options }: RemoteJwksOptions): KeySource {
  return createJwksCache((signal) => fetchDocument(url, signal), options);
}

async function fetchDocument(url: string, signal: AbortSignal): Promise<unknown> {
  const headers = { Accept: 'application/jwk-set+json, application/json' };
  const response = await fetch(url, { signal, redirect: 'manual', headers }).catch(unreachable);
  if (response.status !== 200 || !response.body) {
    await response.body?.cancel();
    throw new Error(`the JWKS endpoint responded with status ${response.status}`);
  }
  return parseStrictJson(await readAtMost(maxDocumentBytes, response.body));
}

/** The message of `fetch` is only "fetch failed"; its cause has the error code. */
function unreachable(error: Error & { cause?: { code?: string } }): never {
  const fix = isCertificateError(error.cause)
    ? '; if its certificate authority is private, start the server with NODE_EXTRA_CA_CERTS=FILE'
    : '';
  throw new Error(`the JWKS endpoint cannot be reached: ${error.cause?.code ?? error.message}${fix}`, { cause: error });
}

/** Throws as soon as the limit is exceeded. Leaving the loop closes the connection. */
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
