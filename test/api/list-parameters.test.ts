/** Validation of the parameters of lists: no value is coerced, no parameter is ignored, and errors name each one. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

async function errorsOf(query: string) {
  const { status, body } = await api.user().get(`/api/v1/tasks?${query}`);
  return {
    status,
    places: body.errors?.map((error: { in: string; pointer: string }) => `${error.in} ${error.pointer}`),
  };
}

const wrongNumbers = [
  '',
  '-1',
  '+1',
  '01',
  '00',
  '1.5',
  '1.0',
  '1e2',
  '1e3',
  '0x10',
  '1_000',
  '%205',
  '5%20',
  '+5',
  '5%0A',
  '%00',
  '5%00',
  'five',
  'NaN',
  'Infinity',
  'null',
  'true',
  '%D9%A5',
  '%EF%BC%95',
  '2147483648',
  '9007199254740993',
  '99999999999999999999999',
  '1,2',
];

test.each(wrongNumbers)('limit=%s is rejected', async (text) => {
  expect(await errorsOf(`limit=${text}`)).toEqual({ status: 422, places: ['query limit'] });
});

test.each(wrongNumbers)('skip=%s is rejected', async (text) => {
  expect(await errorsOf(`skip=${text}`)).toEqual({ status: 422, places: ['query skip'] });
});

test.each(['limit=0', 'limit=201', 'skip=10001', 'skip=-0'])('%s is out of range', async (query) => {
  expect(await errorsOf(query)).toEqual({ status: 422, places: [`query ${query.split('=')[0]}`] });
});

test.each(['limit=1', 'limit=200', 'skip=0', 'skip=10000'])('%s is in range', async (query) => {
  expect((await errorsOf(query)).status).toBe(200);
});

test.each(['status=', 'status=todo', 'status=Todo,Done', 'status=Todo&status=x', 'status=%00', 'status=Todo%20'])(
  '%s is rejected',
  async (query) => {
    expect(await errorsOf(query)).toEqual({ status: 422, places: ['query status'] });
  },
);

test.each(['priority=', 'priority=high', 'priority=2', 'priority=High&priority='])('%s is rejected', async (query) => {
  expect(await errorsOf(query)).toEqual({ status: 422, places: ['query priority'] });
});

test.each(['list_id=', 'list_id=none', 'list_id=Inbox', 'list_id=inbox&list_id=x', 'list_id=%00'])(
  '%s is rejected',
  async (query) => {
    expect(await errorsOf(query)).toEqual({ status: 422, places: ['query list_id'] });
  },
);

test.each(['parent_id=', 'parent_id=inbox', 'parent_id=0', 'parent_id=none&parent_id=none'])(
  '%s is rejected',
  async (query) => {
    expect(await errorsOf(query)).toEqual({ status: 422, places: ['query parent_id'] });
  },
);

test('a range that ends before it begins is rejected', async () => {
  const query = 'completed_from=2026-11-20T00:00:00Z&completed_to=2026-11-19T00:00:00Z';
  expect(await errorsOf(query)).toEqual({ status: 422, places: ['query completed_to'] });
});

test.each([
  'sort=',
  'sort=id',
  'sort=--created_at',
  'sort=%2Bcreated_at',
  'sort=CREATED_AT',
  'sort=created_at,id',
  'sort=created_at%20desc',
  'sort=owner_id',
  'sort=created_at;drop%20table',
  'sort=constructor',
  'sort=__proto__',
])('%s is rejected', async (query) => {
  expect(await errorsOf(query)).toEqual({ status: 422, places: ['query sort'] });
});

test.each(['limit', 'skip', 'sort', 'cursor'])('%s given twice is rejected', async (name) => {
  const value = { limit: '5', skip: '5', sort: 'created_at', cursor: 'AAAA' }[name];
  expect(await errorsOf(`${name}=${value}&${name}=${value}`)).toEqual({ status: 422, places: [`query ${name}`] });
});

test.each(['page', 'Limit', 'limit[]', 'owner_id', 'user_id', '', 'toString', '__proto__', 'constructor', 'status[]'])(
  'the unknown parameter "%s" is rejected',
  async (name) => {
    expect(await errorsOf(`${encodeURIComponent(name)}=1`)).toEqual({ status: 422, places: [`query ${name}`] });
  },
);

test('a response lists every error', async () => {
  expect(await errorsOf('limit=0&skip=x&sort=no&status=no&color=red')).toEqual({
    status: 422,
    places: expect.arrayContaining(['query limit', 'query skip', 'query sort', 'query status', 'query color']),
  });
});

test.each(['limit=%', 'limit=%zz', 'status=%ff', 'status=%c0%af', 'status=%ed%a0%80', '%ff=1'])(
  '%s is no percent-encoded UTF-8: 400',
  async (query) => {
    const { status, body } = await api.user().get(`/api/v1/tasks?${query}`);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'malformed_request' });
  },
);

test('an empty query is valid', async () => {
  expect((await errorsOf('')).status).toBe(200);
  expect((await errorsOf('&&')).status).toBe(200);
});
