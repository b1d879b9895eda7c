/** Titles and tags without visible characters, and text of every script through all layers. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ada: Client;

beforeAll(async () => {
  api = await startApi({ keep: true });
  ada = api.user();
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';

test.each([
  ['zero width space', '\u200b'],
  ['byte order mark', '\ufeff'],
  ['word joiner', '\u2060'],
  ['joiners', '\u200c\u200d'],
  ['Hangul filler', '\u3164'],
  ['Hangul choseong and jungseong fillers', '\u115f\u1160'],
  ['halfwidth Hangul filler', '\uffa0'],
  ['blank of Braille', '\u2800'],
  ['soft hyphen', '\u00ad'],
  ['combining grapheme joiner', '\u034f'],
  ['Mongolian vowel separator', '\u180e'],
  ['Khmer inherent vowels', '\u17b4\u17b5'],
  ['bidi controls', '\u202a\u202e\u2066\u2069\u200e\u200f\u061c'],
  ['variation selectors', '\ufe0f\u{e0100}'],
  ['tags', '\u{e0041}\u{e007f}'],
  ['annotation', '\ufff9\ufffb'],
  ['marks alone', '\u0301\u20dd'],
  ['musical null notehead', '\u{1d159}'],
  ['a mixture, with spaces inside', ' \u200b \u00a0\u2060 \ufe0f'],
])('%s is neither a title nor a tag', async (_name, text) => {
  for (const task of [{ title: text }, { title: 'x', tags: ['a', text] }]) {
    const { status, body } = await ada.post(collection, task);
    expect({ status, errors: body.errors }).toEqual({
      status: 422,
      errors: [
        {
          in: 'body',
          pointer: 'tags' in task ? '/tags/1' : '/title',
          message: expect.stringMatching(/visible|between/),
        },
      ],
    });
  }
});

test.each([
  '\u200ba',
  'a\u00ad',
  '\u202eabc',
  '☑\ufe0f',
  '👩\u200d💻',
  '🏴\u{e0067}\u{e0062}\u{e007f}',
  'می\u200cخواهم',
  'ㅤx',
  '\u0947a',
  'ा',
  '⠁',
  '\ue000',
])('%j is a title and is returned byte for byte', async (title) => {
  const { status, body } = await api.user().post(collection, { title: `\u0085 ${title}\u3000`, tags: [title] });
  expect({ status, title: body.title, tags: body.tags }).toEqual({ status: 201, title, tags: [title] });
});

test('every code point is stored and returned', async () => {
  const large = /\p{Script=Han}|\p{Script=Hangul}|\p{Script=Tangut}|\p{Co}|\p{Cn}/u;
  let characters = '';
  for (let code = 1; code <= 0x10ffff; code += 1) {
    const character = String.fromCodePoint(code);
    const isSample = code % 997 === 0 || (code & 0xffff) >= 0xfffe;
    if (character.isWellFormed() && (isSample || !large.test(character))) characters += character;
  }
  const all = [...characters];
  for (let start = 0; start < all.length; start += 10_000) {
    const description = all.slice(start, start + 10_000).join('');
    const { status, body } = await ada.post(collection, { title: 'x', description });
    expect({ status, description: body.description }).toEqual({ status: 201, description });
  }
});
