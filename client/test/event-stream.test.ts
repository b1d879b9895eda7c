/** The parser of event streams, with the cases of the HTML standard, section 9.2.6. */
import { describe, expect, test } from 'vitest';
import { createEventParser } from '../src/event-stream.ts';

const cases: readonly (readonly [name: string, stream: string, events: readonly object[]])[] = [
  ['one event', 'data: x\n\n', [{ event: 'message', data: 'x' }]],
  ['lines that end in CRLF', 'event: a\r\ndata: x\r\n\r\n', [{ event: 'a', data: 'x' }]],
  ['lines that end in CR', 'event: a\rdata: x\r\r', [{ event: 'a', data: 'x' }]],
  ['several lines of data', 'data: YHOO\ndata: +2\ndata: 10\n\n', [{ data: 'YHOO\n+2\n10' }]],
  ['comments', ': test stream\n\n:\ndata: x\n:y\n\n', [{ data: 'x' }]],
  ['data without a value', 'data\n\ndata\ndata\n\ndata:', [{ data: '' }, { data: '\n' }]],
  [
    'one space after the colon, which is removed',
    'data:test\n\ndata: test\n\ndata:  test\n\n',
    [{ data: 'test' }, { data: 'test' }, { data: ' test' }],
  ],
  ['an event without data, which does not happen', 'event: a\nid: 7\n\ndata: x\n\n', [{ event: 'message', data: 'x' }]],
  ['retry in digits only', 'retry: 100\nretry: 1s\nretry: -1\ndata: x\n\n', [{ retry: 100 }]],
  ['unknown fields', 'constructor: y\n__proto__: y\nx\nfoo: bar: baz\ndata: x: y\n\n', [{ data: 'x: y' }]],
  ['an event that the end cuts off', 'data: x\n\ndata: y\n', [{ data: 'x' }]],
  ['a byte order mark, and text that is not ASCII', '\uFEFFdata: Grüße 😀\n\n', [{ data: 'Grüße 😀' }]],
];

function parse(chunks: readonly Uint8Array[]) {
  const decoder = new TextDecoder();
  const parser = createEventParser();
  return chunks.flatMap((chunk) => parser(decoder.decode(chunk, { stream: true })));
}

describe('the parser understands', () => {
  test.each(cases)('%s', (_, stream, events) => {
    const bytes = new TextEncoder().encode(stream);
    const expected = events.map((event) => expect.objectContaining(event));
    expect(parse([bytes])).toEqual(expected);
    // Each byte in a chunk of its own, and every cut in two.
    expect(parse(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(expected);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      expect(parse([bytes.slice(0, cut), bytes.slice(cut)])).toEqual(expected);
    }
  });
});

test('an event arrives with the end of its empty line, even if it ends in CR', () => {
  const parser = createEventParser();
  expect(parser('data: x\r\r')).toHaveLength(1);
  expect(parser('\ndata: y\n\n')).toHaveLength(1);
});
