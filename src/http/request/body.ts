/** Request bodies: one JSON document of bounded size, in UTF-8, read without guessing. */
import type { IncomingMessage } from 'node:http';
import { parseStrictJson, RepeatedMemberError } from '../../json/strict-json.ts';
import { ProblemError } from '../../problems/problem.ts';
import { ClientClosedError } from '../node/client-closed.ts';
import { headerOf, type RequestContext } from '../request-context.ts';

/** In bytes, as sent, for operations that name no other limit. */
export const bodyLimit = 64 * 1024;

export type BodyType = 'application/json' | 'application/merge-patch+json';

/**
 * The bytes of the body of a request, which should be JSON.
 *
 * @throws ProblemError 415 for another media type, charset or content coding; 413 over the limit, by declared and by
 *   actual length; 400 where there is no body
 * @param limit in bytes, as sent
 * @throws ClientClosedError
 */
export async function readBody(
  context: Pick<RequestContext, 'env'>,
  types: readonly BodyType[] = ['application/json'],
  limit = bodyLimit,
): Promise<Uint8Array> {
  const bytes = await readBytesAs(context, types, limit);
  if (bytes.length === 0) throw malformed('A body is needed, and there is none.');
  if (headerOf(context, 'content-type') === undefined) throw unsupported(types);
  return bytes;
}

/**
 * The bytes of a body that may be absent. An empty body is not looked at further: clients send one with any media type.
 *
 * @throws ProblemError 413 and 415 as `readBody`
 */
export async function readOptionalBody(context: Pick<RequestContext, 'env'>): Promise<Uint8Array> {
  const isChunked = headerOf(context, 'transfer-encoding') !== undefined;
  if (!isChunked && Number(headerOf(context, 'content-length') ?? 0) === 0) return new Uint8Array();
  const bytes = await readBytesAs(context, ['application/json'], bodyLimit);
  if (bytes.length > 0 && headerOf(context, 'content-type') === undefined) throw unsupported(['application/json']);
  return bytes;
}

async function readBytesAs(
  context: Pick<RequestContext, 'env'>,
  types: readonly BodyType[],
  limit: number,
): Promise<Uint8Array> {
  const type = headerOf(context, 'content-type');
  if (type !== undefined && !isAcceptable(type, types)) throw unsupported(types);
  if ((headerOf(context, 'content-encoding') ?? 'identity') !== 'identity') throw unsupported(types);

  if (Number(headerOf(context, 'content-length') ?? 0) > limit) throw tooLarge(limit);
  return readBytes(context.env.incoming, limit);
}

function isAcceptable(contentType: string, types: readonly BodyType[]): boolean {
  const [type, ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  const charsets = parameters.filter((parameter) => parameter.startsWith('charset='));
  return (
    types.some((candidate) => candidate === type) &&
    charsets.every((charset) => /^charset=(?:utf-?8|"utf-?8")$/.test(charset))
  );
}

/** From Node's own stream: the one of the `Request` takes longer to make than a small body to read. */
async function readBytes(incoming: IncomingMessage, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    // To destroy it half-way would be to cut the connection before the answer.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      length += chunk.length;
      if (length > limit) throw tooLarge(limit);
      chunks.push(chunk);
    }
  } catch (error) {
    // Node reports "aborted" for a closed connection, whichever side closed it.
    throw error instanceof ProblemError ? error : new ClientClosedError('the body did not end', { cause: error });
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length);
}

/** @throws ProblemError 400 for what is not UTF-8 or not JSON (RFC 8259), and for an object with a member twice */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    if (error instanceof RepeatedMemberError) throw malformed('The body has an object with the same field twice.');
    throw malformed(error instanceof TypeError ? 'The body is not valid UTF-8.' : 'The body is not valid JSON.');
  }
}

function malformed(detail: string): ProblemError {
  return new ProblemError('malformed_request', { detail });
}

function unsupported(types: readonly BodyType[]): ProblemError {
  return new ProblemError('unsupported_media_type', {
    detail: `Send the body as ${types.join(' or ')}, in UTF-8 and without a content coding.`,
  });
}

function tooLarge(limit: number): ProblemError {
  return new ProblemError('payload_too_large', {
    detail: `The body is larger than ${limit / 1024} KiB.`,
    // The rest of the body is still on its way, so the connection cannot serve another request.
    headers: { Connection: 'close' },
  });
}
