/** Due dates: days, local times and instants, and their filters across clock changes. */
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { hasCalendar } from '../../src/tasks/due/calendar.ts';
import { timeZoneNames } from '../../src/tasks/due/time-zones.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterEach(() => vi.useRealTimers());

afterAll(() => api.stop());

describe('the three kinds', () => {
  test.each([
    [{ date: '2026-12-01' }, null],
    [{ date: '2026-12-01', time: '09:30' }, null],
    [{ date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' }, '2026-12-01T08:30:00.000000Z'],
    [{ date: '2026-12-01', time: '00:00', time_zone: 'Asia/Calcutta' }, '2026-11-30T18:30:00.000000Z'],
    [{ date: '1900-01-01', time: '00:00', time_zone: 'Pacific/Kiritimati' }, '1900-01-01T10:29:20.000000Z'],
    [{ date: '9999-12-31', time: '23:59', time_zone: 'UTC' }, '9999-12-31T23:59:00.000000Z'],
  ])('%j', async (due, due_at) => {
    const ada = api.user();
    const { status, body } = await ada.post('/api/v1/tasks', { title: 'x', due });
    expect(status).toBe(201);
    expect(body).toMatchObject({ due, due_at });
    expect((await ada.get(`/api/v1/tasks/${body.id}`)).body).toEqual(body);
  });
});

/** PostgreSQL also has most of them as abbreviations without summer time, and prefers these. */
describe('short names of zones are zones', () => {
  test.each([
    ['CET', '11:00', '10:00'],
    ['CST6CDT', '18:00', '17:00'],
    ['EET', '10:00', '09:00'],
    ['EST', '17:00', '17:00'],
    ['EST5EDT', '17:00', '16:00'],
    ['Eire', '12:00', '11:00'],
    ['GB', '12:00', '11:00'],
    ['GMT', '12:00', '12:00'],
    ['HST', '22:00', '22:00'],
    ['MET', '11:00', '10:00'],
    ['MST', '19:00', '19:00'],
    ['MST7MDT', '19:00', '18:00'],
    ['PRC', '04:00', '04:00'],
    ['PST8PDT', '20:00', '19:00'],
    ['ROK', '03:00', '03:00'],
    ['UCT', '12:00', '12:00'],
    ['UTC', '12:00', '12:00'],
    ['WET', '12:00', '11:00'],
    ['Zulu', '12:00', '12:00'],
  ])('%s: noon is %s in winter and %s in summer', async (time_zone, winter, summer) => {
    const ada = api.user();
    const { body: task } = await ada.post('/api/v1/tasks', {
      title: 'x',
      due: { date: '2026-01-15', time: '12:00', time_zone },
    });
    expect(task.due_at).toBe(`2026-01-15T${winter}:00.000000Z`);
    const { body } = await ada.patch(`/api/v1/tasks/${task.id}`, { due: { date: '2026-07-15' } });
    expect(body.due_at).toBe(`2026-07-15T${summer}:00.000000Z`);
  });
});

/**
 * Whether the database and the independent calendar have the same rules for a zone around a day. Otherwise their copies
 * of the tz database differ in age, and the test cannot compare them.
 */
async function agreeOn(zone: string, date: string): Promise<boolean> {
  const start = Temporal.PlainDate.from(date).toZonedDateTime('UTC').toInstant();
  // AT TIME ZONE accepts abbreviations; the setting accepts only names of zones.
  const rows = await api.database.query<{ instant: string; wall: string }>(
    `with setting as materialized (select set_config('TimeZone', $1, true) as zone)
     select to_char(instant at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as instant,
            to_char(instant, 'YYYY-MM-DD"T"HH24:MI:SS') as wall
     from setting,
       generate_series($2::timestamptz - interval '72 hours', $2::timestamptz + interval '72 hours', interval '1 hour') as instant
     where setting.zone = $1`,
    [zone, start.toString()],
  );
  return rows.every(
    ({ instant, wall }) =>
      Temporal.Instant.from(instant).toZonedDateTimeISO(zone).toPlainDateTime().toString({ smallestUnit: 'second' }) ===
      wall,
  );
}

describe('a local time that a clock change skips or repeats resolves by RFC 5545', () => {
  test.each([
    ['2026-11-01', '01:30', 'America/New_York', '2026-11-01T05:30:00.000000Z'],
    ['2026-11-01', '02:00', 'America/New_York', '2026-11-01T07:00:00.000000Z'],
    ['2026-03-08', '02:30', 'America/New_York', '2026-03-08T07:30:00.000000Z'],
    ['2026-10-25', '02:30', 'Europe/Rome', '2026-10-25T00:30:00.000000Z'],
    ['2026-04-05', '01:45', 'Australia/Lord_Howe', '2026-04-04T14:45:00.000000Z'],
    ['2011-12-30', '12:00', 'Pacific/Apia', '2011-12-30T22:00:00.000000Z'],
    ['1969-09-30', '12:00', 'Pacific/Kwajalein', '1969-09-30T01:00:00.000000Z'],
  ])('%s %s in %s', async (date, time, time_zone, due_at) => {
    const { body } = await api.user().post('/api/v1/tasks', { title: 'x', due: { date, time, time_zone } });
    expect(body.due_at).toBe(due_at);
  });

  test('like in an independent calendar, over a century of days in every zone', async () => {
    const ada = api.user();
    const day = fc
      .integer({ min: -7_305, max: 29_219 })
      .map((days) => new Temporal.PlainDate(1970, 1, 1).add({ days }).toString());
    const minute = fc.integer({ min: 0, max: 1439 });
    // An older release of Node lacks the newest zones.
    const zones = [...timeZoneNames].filter(hasCalendar);
    // On half of the days, the zone changes its clocks.
    const changes = fc.tuple(fc.constantFrom(...zones), day).map(([zone, date]) => {
      const noon = Temporal.PlainDate.from(date).toZonedDateTime({ timeZone: zone, plainTime: '12:00' });
      return [zone, noon.getTimeZoneTransition('next')?.toPlainDate().toString() ?? date] as const;
    });
    const zoneAndDay = fc.oneof(changes, fc.tuple(fc.constantFrom(...zones), day));
    await fc.assert(
      fc.asyncProperty(
        zoneAndDay,
        fc.oneof(minute, fc.integer({ min: 0, max: 240 })),
        async ([time_zone, date], minutes) => {
          const time = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
          fc.pre(await agreeOn(time_zone, date));
          const { status, body } = await ada.post('/api/v1/tasks', { title: 'x', due: { date, time, time_zone } });
          expect(status).toBe(201);
          const expected = Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(time_zone, {
            disambiguation: 'compatible',
          });
          expect(Temporal.Instant.from(body.due_at).epochMilliseconds).toBe(expected.epochMilliseconds);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('invalid due dates', () => {
  test.each([
    [{}, '/due/date'],
    [{ date: '2026-02-29' }, '/due/date'],
    [{ date: '1899-12-31' }, '/due/date'],
    [{ date: '10000-01-01' }, '/due/date'],
    [{ date: '0000-01-01' }, '/due/date'],
    [{ date: 'now' }, '/due/date'],
    [{ date: 'infinity' }, '/due/date'],
    [{ date: '2026-1-1' }, '/due/date'],
    [{ date: 20261201 }, '/due/date'],
    [{ date: '2026-12-01', time: '24:00' }, '/due/time'],
    [{ date: '2026-12-01', time: '09:60' }, '/due/time'],
    [{ date: '2026-12-01', time: '9:30' }, '/due/time'],
    [{ date: '2026-12-01', time: '09:30:00' }, '/due/time'],
    [{ date: '2026-12-01', time: null }, '/due/time'],
    [{ date: '2026-12-01', time: '09:30', time_zone: 'Europe/Atlantis' }, '/due/time_zone'],
    [{ date: '2026-12-01', time: '09:30', time_zone: 'europe/rome' }, '/due/time_zone'],
    [{ date: '2026-12-01', time: '09:30', time_zone: '+01:00' }, '/due/time_zone'],
    [{ date: '2026-12-01', time: '09:30', time_zone: 'localtime' }, '/due/time_zone'],
    [{ date: '2026-12-01', time_zone: 'Europe/Rome' }, '/due/time'],
    [{ date: '2026-12-01', when: 'noon' }, '/due/when'],
    [{ date: '9999-12-31', time: '23:59', time_zone: 'America/New_York' }, '/due'],
    ['2026-12-01', '/due'],
  ])('%j', async (due, pointer) => {
    const { status, body } = await api.user().post('/api/v1/tasks', { title: 'x', due });
    expect(status).toBe(422);
    expect(body.errors.map((error: any) => error.pointer)).toContain(pointer);
  });
});

test.each([
  ['due', '2026-12-01', 'must be an object such as {"date":"2026-12-01"}'],
  ['recurrence', 'FREQ=DAILY', 'must be an object such as {"rule":"FREQ=WEEKLY"}'],
])('the error of %s as a text has an example', async (field, value, message) => {
  const ada = api.user();
  const { id } = (await ada.post('/api/v1/tasks', { title: 'x' })).body;
  const created = await ada.post('/api/v1/tasks', { title: 'x', [field]: value });
  const changed = await ada.patch(`/api/v1/tasks/${id}`, { [field]: value });
  const error = { in: 'body', pointer: `/${field}`, message };
  expect([created.body.errors, changed.body.errors]).toEqual([[error], [error]]);
});

describe('a merge patch applies to the keys of due (RFC 7396)', () => {
  const day = { date: '2026-12-01' };
  const wall = { date: '2026-12-01', time: '09:30' };
  const instant = { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' };

  test.each([
    [null, { date: '2026-12-01' }, day],
    [null, wall, wall],
    [null, instant, instant],
    [null, { date: '2026-12-01', time: null, time_zone: null }, day],
    [day, {}, day],
    [day, { time: null }, day],
    [day, { time_zone: null }, day],
    [day, { time: null, time_zone: null }, day],
    [day, { time: '09:30' }, wall],
    [day, { time: '09:30', time_zone: 'Europe/Rome' }, instant],
    [wall, {}, wall],
    [wall, { time: null }, day],
    [wall, { time_zone: null }, wall],
    [wall, { time_zone: 'Europe/Rome' }, instant],
    [wall, null, null],
    [instant, {}, instant],
    [instant, { date: '2026-07-01' }, { ...instant, date: '2026-07-01' }],
    [instant, { time_zone: null }, wall],
    [instant, { time_zone: null, time: null }, day],
    [instant, null, null],
    [null, null, null],
  ])('%j patched with %j is %j', async (due, patch, expected) => {
    const ada = api.user();
    const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', due });
    const { status, body } = await ada.patch(`/api/v1/tasks/${task.id}`, { due: patch });
    expect(status).toBe(200);
    expect(body.due).toEqual(expected);
    expect(body.due_at !== null).toBe(expected !== null && 'time_zone' in expected);
    expect(body.version).toBe(JSON.stringify(due) === JSON.stringify(expected) ? 1 : 2);
    const { body: other } = await ada.post('/api/v1/tasks', { title: 'x', due });
    const operations = [{ op: 'update', id: other.id, patch: { due: patch } }];
    const answer = await ada.post('/api/v1/tasks/batch', { operations });
    expect(answer.body.results[0].task).toMatchObject({ due: expected, due_at: body.due_at, version: body.version });
  });

  test.each([
    [null, {}, ''],
    [null, { time: null }, ''],
    [null, { time_zone: null }, ''],
    [null, { time: null, time_zone: null }, ''],
    [null, { time: '09:30' }, ''],
    [null, { time_zone: 'Europe/Rome' }, ''],
    [null, { time: '09:30', time_zone: 'Europe/Rome' }, ''],
    [null, { time: '09:30', time_zone: null }, ''],
    [null, { date: null }, '/date'],
    [day, { date: null }, '/date'],
    [day, { date: null, time: '09:30' }, '/date'],
    [day, { time_zone: 'Europe/Rome' }, ''],
    [instant, { time: null }, ''],
    [instant, { date: null, time: null, time_zone: null }, '/date'],
    [day, { x: null }, '/x'],
    [day, [], ''],
  ])('%j patched with %j is rejected', async (due, patch, pointer) => {
    const ada = api.user();
    const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', due });
    const { status, body } = await ada.patch(`/api/v1/tasks/${task.id}`, { title: 'y', due: patch });
    expect(status).toBe(422);
    expect(body.errors[0].pointer).toBe(`/due${pointer}`);
    const operations = [
      { op: 'create', task: { title: 'z' } },
      { op: 'update', id: task.id, patch: { title: 'y', due: patch } },
    ];
    const batch = await ada.post('/api/v1/tasks/batch', { operations });
    expect(batch.status).toBe(422);
    expect(batch.body.errors[0].pointer).toBe(`/operations/1/patch/due${pointer}`);
    expect((await ada.get('/api/v1/tasks')).body).toEqual([task]);
  });

  test('a patch without a matching task is 404 or 412, with any due date', async () => {
    const ada = api.user();
    const { body: task } = await ada.post('/api/v1/tasks', { title: 'x' });
    const stale = await ada.patch(`/api/v1/tasks/${task.id}`, { due: {} }, { 'If-Match': '"7"' });
    expect(stale.status).toBe(412);
    await ada.delete(`/api/v1/tasks/${task.id}`);
    expect((await ada.patch(`/api/v1/tasks/${task.id}`, { due: {} })).status).toBe(404);
  });

  test('an operation of a batch sees the due date that an earlier operation has set or cleared', async () => {
    const ada = api.user();
    const { body: task } = await ada.post('/api/v1/tasks', { title: 'x' });
    const update = (due: unknown) => ({ op: 'update', id: task.id, patch: { due } });
    const set = await ada.post('/api/v1/tasks/batch', { operations: [update(day), update({ time: null })] });
    expect(set.body.results[1].task).toMatchObject({ due: day, version: 2 });
    const cleared = await ada.post('/api/v1/tasks/batch', { operations: [update(null), update({})] });
    expect(cleared.status).toBe(422);
    expect((await ada.get(`/api/v1/tasks/${task.id}`)).body.due).toEqual(day);
  });
});

/** The tz databases of Node and PostgreSQL, and the list of names, can differ in age. */
describe('a time zone that not every tz database has', () => {
  const names = timeZoneNames as Set<string>;

  // Node has it as a link; PostgreSQL lacks it.
  test('is rejected by its field if the database lacks it', async () => {
    const zone = 'US/Pacific-New';
    names.add(zone);
    onTestFinished(() => void names.delete(zone));
    const ada = api.user();
    const due = { date: '2026-12-01', time: '09:30', time_zone: zone };
    const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', due: { ...due, time_zone: 'Europe/Rome' } });
    const path = `/api/v1/tasks/${task.id}`;
    const operations = [{ op: 'update', id: task.id, patch: { due: { time_zone: zone } } }];
    const answers = [
      [await ada.post('/api/v1/tasks', { title: 'x', due }), '/due/time_zone'],
      [await ada.put(path, { title: 'x', due }), '/due/time_zone'],
      [await ada.patch(path, { due: { time_zone: zone } }), '/due/time_zone'],
      [await ada.post('/api/v1/tasks/batch', { operations }), '/operations/0/patch/due/time_zone'],
    ] as const;
    for (const [{ status, body }, pointer] of answers) {
      expect(status).toBe(422);
      expect(body.errors).toEqual([{ in: 'body', pointer, message: 'is not known to the database' }]);
    }
    // The server computes filters by day.
    expect((await ada.get(`/api/v1/tasks?due=any&time_zone=${zone}`)).body).toEqual([task]);
  });

  test('is rejected in a filter if the server lacks it', async () => {
    names.add('Mars/Olympus');
    onTestFinished(() => void names.delete('Mars/Olympus'));
    const { status, body } = await api.user().get('/api/v1/tasks?due=today&time_zone=Mars/Olympus');
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ in: 'query', pointer: 'time_zone', message: 'is not known to this server' }]);
  });
});

test('PUT replaces all of due', async () => {
  const ada = api.user();
  const due = { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' };
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', due });
  const { body } = await ada.put(`/api/v1/tasks/${task.id}`, { title: 'x', due: { date: '2026-12-01' } });
  expect(body).toMatchObject({ due: { date: '2026-12-01' }, due_at: null, version: 2 });
  expect(Object.keys(body.due)).toEqual(['date']);
});

/** The filters that match a task at an instant in a zone, by the independent calendar. */
function seenBy(due: any, now: Temporal.Instant, zone: string) {
  const here = now.toZonedDateTimeISO(zone);
  const wall = due.time && Temporal.PlainDateTime.from(`${due.date}T${due.time}`);
  const instant = due.time_zone && wall.toZonedDateTime(due.time_zone).toInstant();
  const day = instant ? instant.toZonedDateTimeISO(zone).toPlainDate() : Temporal.PlainDate.from(due.date);
  const today = here.toPlainDate();
  const days = today.until(day).days;
  let past = Temporal.PlainDate.compare(day, today) < 0;
  if (instant) past = Temporal.Instant.compare(instant, now) < 0;
  else if (wall) past = Temporal.PlainDateTime.compare(wall, here.toPlainDateTime()) < 0;
  return { overdue: past, today: days === 0, tomorrow: days === 1, week: days >= 0 && days <= 6 };
}

describe('the filter due in a time zone', () => {
  test('agrees with an independent calendar, for all three kinds, at any hour and in any zone', async () => {
    const ada = api.user();
    const zones = [
      'Etc/GMT+12',
      'Pacific/Kiritimati',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'America/New_York',
      'Africa/Cairo',
      'UTC',
    ];
    // Around a day on which New York changes its clocks.
    const anchor = Temporal.PlainDate.from('2026-11-01');
    const tasks: any[] = [];
    for (let days = -3; days <= 9; days += 1) {
      const date = anchor.add({ days }).toString();
      const dues = [
        { date },
        ...['00:00', '01:30', '12:45', '23:59'].flatMap((time) => [
          { date, time },
          ...zones.map((time_zone) => ({ date, time, time_zone })),
        ]),
      ];
      const answers = await Promise.all(dues.map((due) => ada.post('/api/v1/tasks', { title: 'x', due })));
      tasks.push(...answers.map(({ body }) => body));
    }
    const idsOf = async (query: string) => {
      const ids: string[] = [];
      for (let path: string | undefined = `/api/v1/tasks?limit=200&${query}`; path; ) {
        const { body, headers }: { body: any[]; headers: Headers } = await ada.get(path);
        expect(body, JSON.stringify(body)).toBeInstanceOf(Array);
        ids.push(...body.map((task) => task.id));
        path = /<([^>]*)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
      }
      return ids.sort();
    };
    const moments = [
      '2026-10-31T23:59:30Z',
      '2026-11-01T04:00:00Z',
      '2026-11-01T05:30:00Z',
      '2026-11-01T06:30:30Z',
      '2026-11-02T11:15:00Z',
    ];
    for (const moment of moments) {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(moment) });
      for (const zone of [...zones, 'Asia/Kolkata']) {
        const now = Temporal.Instant.from(moment);
        const seen = tasks.map((task) => ({ id: task.id, ...seenBy(task.due, now, zone) }));
        for (const filter of ['overdue', 'today', 'tomorrow', 'week'] as const) {
          const expected = seen
            .filter((task) => task[filter])
            .map((task) => task.id)
            .sort();
          expect(
            await idsOf(`due=${filter}&time_zone=${encodeURIComponent(zone)}`),
            `${filter} in ${zone} at ${moment}`,
          ).toEqual(expected);
        }
      }
    }
  }, 120_000);

  test('none and any; overdue excludes tasks that are Done', async () => {
    const ada = api.user();
    await ada.post('/api/v1/tasks', { title: 'none' });
    await ada.post('/api/v1/tasks', { title: 'past', due: { date: '2020-01-01' } });
    await ada.post('/api/v1/tasks', { title: 'done', status: 'Done', due: { date: '2020-01-01' } });
    const titles = async (due: string) =>
      (await ada.get(`/api/v1/tasks?sort=title&due=${due}`)).body.map((task: any) => task.title);
    expect(await titles('none')).toEqual(['none']);
    expect(await titles('any')).toEqual(['done', 'past']);
    expect(await titles('overdue')).toEqual(['past']);
  });
});

describe('due_from and due_to', () => {
  let ada: Client;

  beforeAll(async () => {
    ada = api.user();
    await ada.post('/api/v1/tasks', { title: 'day', due: { date: '2026-12-02' } });
    await ada.post('/api/v1/tasks', { title: 'wall', due: { date: '2026-12-02', time: '23:30' } });
    await ada.post('/api/v1/tasks', { title: 'instant', due: { date: '2026-12-02', time: '23:30', time_zone: 'UTC' } });
    await ada.post('/api/v1/tasks', { title: 'last', due: { date: '9999-12-31' } });
    await ada.post('/api/v1/tasks', { title: 'none' });
  });

  test.each([
    ['due_from=2026-12-02&due_to=2026-12-02', ['day', 'instant', 'wall']],
    ['due_from=2026-12-02&due_to=2026-12-02&time_zone=Asia/Tokyo', ['day', 'wall']],
    ['due_from=2026-12-03&time_zone=Asia/Tokyo', ['instant', 'last']],
    ['due_from=2026-12-03', ['last']],
    ['due_to=2026-12-01', []],
    ['due_to=9999-12-31', ['day', 'instant', 'last', 'wall']],
    ['due_to=9999-12-30', ['day', 'instant', 'wall']],
    ['due_from=1900-01-01', ['day', 'instant', 'last', 'wall']],
    ['due_from=9999-12-31&due_to=9999-12-31&time_zone=Pacific/Kiritimati', ['last']],
  ])('%s', async (query, titles) => {
    const { status, body } = await ada.get(`/api/v1/tasks?sort=title&${query}`);
    expect(status).toBe(200);
    expect(body.map((task: any) => task.title)).toEqual(titles);
  });

  test.each([
    ['due_from=2026-12-03&due_to=2026-12-02', 'due_to'],
    ['due_from=2026-02-30', 'due_from'],
    ['due_to=10000-01-01', 'due_to'],
    ['due=today&time_zone=Mars/Olympus', 'time_zone'],
    ['due=soon', 'due'],
    ['due=today&due=week', 'due'],
    ['created_from=2026-11-20', 'created_from'],
    ['created_from=2026-11-20T10:00:00Z&created_to=2026-11-20T09:00:00Z', 'created_to'],
    ['updated_to=2026-11-20T10:00:60Z', 'updated_to'],
    ['updated_from=2026-11-20T24:00:00Z', 'updated_from'],
    ['updated_from=0000-11-20T10:00:00Z', 'updated_from'],
    ['created_to=infinity', 'created_to'],
    ['created_to=now', 'created_to'],
    ['created_to=2026-02-29T10:00:00Z', 'created_to'],
  ])('%s is rejected', async (query, parameter) => {
    const { status, body } = await ada.get(`/api/v1/tasks?${query}`);
    expect(status).toBe(422);
    expect(body.errors.map((error: any) => error.pointer)).toEqual([parameter]);
  });
});
