/** Previews of recurrences: the examples of the documentation, today in time zones, defaults, and errors. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localDateTimeAt } from '../../src/tasks/due/calendar.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';

const path = '/api/v1/recurrence/preview';

let api: TestApi;
let user: Client;

beforeAll(async () => {
  api = await startApi({ keep: true });
  user = api.user(undefined, { scope: 'tasks:read' });
});

afterAll(() => api.stop());

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'recurrence.md'), 'utf8');
const examples = [...page.matchAll(/^### (.+)\n[^#]*?```json\n([^`]+)```\n\n```json\n([^`]+)```/gm)].map(
  ([, name = '', body = '', days = '']) => ({ name, body: JSON.parse(body), days: JSON.parse(days) }),
);

test('the documentation has ten examples', () => {
  expect(examples).toHaveLength(10);
});

test.each(examples)('the example is true: $name', async ({ body, days }) => {
  const answer = await user.post(path, body);
  expect({ status: answer.status, days: answer.body.days }).toEqual({ status: 200, days });
});

const due = { date: '2026-12-01' };

test('the response has the canonical rule and the defaults', async () => {
  const { body } = await user.post(path, { recurrence: { rule: 'interval=2;freq=weekly;byday=TH,MO' }, due });
  expect(body.recurrence).toEqual({ rule: 'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH', from: 'Due', missed: 'Skip' });
  expect(body.days).toHaveLength(10);
});

test.each([
  ['Skip', 'FREQ=DAILY'],
  ['Each', 'FREQ=WEEKLY;BYDAY=MO,FR'],
])('a preview has at most 100 days, with missed: %s', async (missed, rule) => {
  const { body } = await user.post(path, { recurrence: { rule, missed }, due, limit: 100 });
  expect(body.days).toHaveLength(100);
  expect(body.days).toEqual([...new Set(body.days)].sort());
});

test('a series that ends with the due date has no days', async () => {
  const { status, body } = await user.post(path, { recurrence: { rule: 'FREQ=DAILY;COUNT=1' }, due });
  expect({ status, days: body.days }).toEqual({ status: 200, days: [] });
});

describe('without completed_on, the first day is after today', () => {
  const recurrence = { rule: 'FREQ=DAILY' };
  const past = { date: '2020-01-01', time: '09:30' };
  const tomorrow = (zone: string) => {
    const today = localDateTimeAt(Date.now(), zone).date;
    return new Date(Date.parse(`${today}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  };

  async function firstDayIsTomorrow(query: string, body: object, zone: string): Promise<void> {
    const before = tomorrow(zone);
    const answer = await user.post(`${path}${query}`, { recurrence, limit: 1, ...body });
    // Midnight can be in between.
    expect([before, tomorrow(zone)]).toContain(answer.body.days[0]);
  }

  // These two zones never have the same day.
  test.each(['Pacific/Kiritimati', 'Pacific/Pago_Pago'])('in the time zone of due: %s', async (zone) => {
    await firstDayIsTomorrow('?time_zone=UTC', { due: { ...past, time_zone: zone } }, zone);
  });

  test.each(['Pacific/Kiritimati', 'Pacific/Pago_Pago'])('otherwise in time_zone: %s', async (zone) => {
    await firstDayIsTomorrow(`?time_zone=${zone}`, { due: past }, zone);
  });

  test('otherwise in UTC', async () => {
    await firstDayIsTomorrow('', { due: past }, 'UTC');
  });
});

describe('a rule is rejected', () => {
  const rejected = async (recurrence: object, date = '2026-12-01') => {
    const { status, body } = await user.post(path, { recurrence, due: { date } });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'validation_failed' });
    return body.errors;
  };
  const error = (message: string) => [
    { in: 'body', pointer: '/recurrence/rule', message: expect.stringContaining(message) },
  ];

  test.each(['BYHOUR=9', 'BYMINUTE=0', 'BYSECOND=0', 'BYWEEKNO=20', 'BYYEARDAY=1', 'X-OTHER=1'])(
    'with the unsupported part %s, by its name',
    async (part) => {
      expect(await rejected({ rule: `FREQ=YEARLY;${part}` })).toEqual(error(part.split('=')[0] as string));
    },
  );

  test.each([
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31',
    'FREQ=DAILY;INTERVAL=7;BYDAY=MO',
    'FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2',
    'FREQ=YEARLY;INTERVAL=11',
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1',
  ])('without a day within ten years: %s', async (rule) => {
    const date = rule.startsWith('FREQ=MONTHLY') ? '2026-11-30' : '2026-12-01';
    expect(await rejected({ rule }, date)).toEqual(error(`must have a day within 10 years after the due date ${date}`));
  });

  test.each(['FREQ=YEARLY;INTERVAL=10', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU'])(
    'but not with a day after nearly ten years: %s',
    async (rule) => {
      const date = rule.includes('BYDAY') ? '2022-12-01' : '2026-12-01';
      expect((await user.post(path, { recurrence: { rule }, due: { date } })).status).toBe(200);
    },
  );

  test('with UNTIL before the due date', async () => {
    const errors = await rejected({ rule: 'FREQ=DAILY;UNTIL=20261130' });
    expect(errors).toEqual(error('must not have UNTIL before the due date 2026-12-01'));
  });

  test.each(['FREQ=WEEKLY;INTERVAL=2;BYDAY=MO', 'FREQ=MONTHLY;BYMONTHDAY=1', 'FREQ=DAILY;COUNT=3'])(
    'with parts that cannot count from a completion: %s',
    async (rule) => {
      const errors = await rejected({ rule, from: 'Completion' });
      expect(errors).toEqual(error('must consist of FREQ and INTERVAL, or of FREQ and BYDAY, if from is Completion'));
    },
  );
});

test('a preview stores nothing, and needs no idempotency key', async () => {
  const key = { 'Idempotency-Key': 'a-key' };
  const body = { recurrence: { rule: 'FREQ=DAILY' }, due };
  const answers = [await user.post(path, body, key), await user.post(path, { ...body, limit: 1 }, key)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(answers.map(({ headers }) => headers.has('change-set'))).toEqual([false, false]);
});
