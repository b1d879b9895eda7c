/** Request bodies: one JSON document in UTF-8 with a maximum size. */
import {
  maxDepth,
  maxValues,
  parseStrictJson,
  RepeatedMemberError,
  TooManyValuesError,
} from '../../json/strict-json.ts';
import { ProblemError } from '../../problems/problem.ts';
import { ClientClosedError } from '../client-closed.ts';
import { headerOf, type RequestContext } from '../request-context.ts';

/** Default maximum size of a body in bytes, as sent. */
export const bodyLimit = 64 * 1024;

/** Pieces of a body, which are chunks or packets. Each one costs processor time, whatever its size. */
export const maxBodyPieces = 2_000;

/** The media type of lines of JSON. */
export const linesType = 'application/x-ndjson';

export type BodyType = 'application/json' | 'application/merge-patch+json' | typeof linesType;

/**
 * Reads the bytes of a required body.
 *
 * @param limit in bytes, as sent
 * @throws ProblemError 415 for another media type, charset or content coding; 413 if the declared or actual length exceeds
 *   the limit; 400 without a body
 * @throws ClientClosedError
 */
export async function readBody(
  context: Pick<RequestContext, 'env'>,
  types: readonly BodyType[] = ['application/json'],
  limit = bodyLimit,
): Promise<Uint8Array> {
  requireMediaType(context, types);
  const bytes = await readBytes(context, limit);
  if (bytes.length === 0) throw malformed('The request needs a body.');
  if (headerOf(context, 'content-type') === undefined) throw unsupported(types);
  return bytes;
}

/**
 * Reads the bytes of an optional body. Clients send empty bodies with any media type, so these are not checked.
 *
 * @throws ProblemError 413 and 415 as `readBody`
 * @throws ClientClosedError
 */
export async function readOptionalBody(context: Pick<RequestContext, 'env'>, limit = bodyLimit): Promise<Uint8Array> {
  const types = ['application/json'] as const;
  const bytes = await readBytes(context, limit);
  if (bytes.length === 0) return bytes;
  requireMediaType(context, types);
  if (headerOf(context, 'content-type') === undefined) throw unsupported(types);
  return bytes;
}

/** @throws ProblemError 415 for a media type that is not listed, another charset, or a content coding */
function requireMediaType(context: Pick<RequestContext, 'env'>, types: readonly BodyType[]): void {
  const type = headerOf(context, 'content-type');
  if (type !== undefined && !isAcceptable(type, types)) throw unsupported(types);
  if ((headerOf(context, 'content-encoding') ?? 'identity') !== 'identity') throw unsupported(types);
}

function isAcceptable(contentType: string, types: readonly BodyType[]): boolean {
  const [type, ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  const charsets = parameters.filter((parameter) => parameter.startsWith('charset='));
  return (
    types.some((candidate) => candidate === type) &&
    charsets.every((charset) => /^charset=(?:utf-?8|"utf-?8")$/.test(charset))
  );
}

async function readBytes(context: Pick<RequestContext, 'env'>, limit: number): Promise<Uint8Array> {
  if (Number(headerOf(context, 'content-length') ?? 0) > limit) throw tooLarge(limit);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of context.env.body()) {
      length += chunk.length;
      if (length > limit) throw tooLarge(limit);
      if (chunks.length === maxBodyPieces) throw tooManyPieces();
      chunks.push(chunk);
    }
  } catch (error) {
    // Only a closed connection interrupts a body. Node reports the same error whichever side has closed it.
    throw error instanceof ProblemError ? error : new ClientClosedError('the body did not end', { cause: error });
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length);
}

/**
 * @param name the name of the document in messages
 * @throws ProblemError 400 for invalid UTF-8, invalid JSON (RFC 8259), an object with a repeated member, and more levels or
 *   values than `parseStrictJson` accepts
 */
export function parseJson(bytes: Uint8Array, name = 'The body'): unknown {
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    if (error instanceof RepeatedMemberError) throw malformed(`${name} has an object with a repeated field.`);
    if (error instanceof TooManyValuesError) {
      throw malformed(
        `${name} has more than ${maxDepth} levels of nesting, or more than ${maxValues.toLocaleString('en')} values.`,
      );
    }
    throw malformed(`${name} is not valid ${error instanceof TypeError ? 'UTF-8' : 'JSON'}.`);
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

function tooManyPieces(): ProblemError {
  return new ProblemError('malformed_request', {
    detail: `The body arrives in more than ${maxBodyPieces} pieces. Send it in larger chunks.`,
    headers: { Connection: 'close' },
  });
}

function tooLarge(limit: number): ProblemError {
  return new ProblemError('payload_too_large', {
    detail: `The body is larger than ${limit / 1024} KiB.`,
    // The rest of the body is still in transit, so the connection cannot serve another request.
    headers: { Connection: 'close' },
  });
}
