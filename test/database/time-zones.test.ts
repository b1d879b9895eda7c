/**
 * Comparison of `due_at` with an independent calendar: every zone, at each offset change since 1970 and each solstice.
 *
 * Node and the database each have a copy of the tz database. If one of them lacks a release that changed a zone, they
 * disagree. `laterReleases` lists the days. On those days, the database's own calendar is the reference.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timeZoneNames } from '../../src/tasks/due/time-zones.ts';
import { createTestDatabase, type TestDatabase } from '../support/databases.ts';
import { instantOf, localTimes, localTimesAround, type ZoneCalendar, zoneCalendars } from '../support/zone-calendar.ts';

interface Release {
  readonly release: string;
  readonly why: string;
  readonly zones: readonly string[];
  /** The first and the last local date on which copies without and with the release differ. */
  readonly from: string;
  readonly to: string;
}

/** After every compared date. */
const end = '2038-01-01';

/** Releases after 2025a, which the oldest supported Node has. */
const laterReleases: readonly Release[] = [
  {
    release: '2025b',
    why: 'Iran changed its clocks in November 1978, not at the end of the year',
    zones: ['Asia/Tehran', 'Iran'],
    from: '1978-11-11',
    to: '1978-12-31',
  },
  {
    release: '2025c',
    why: 'Baja California kept summer time with California',
    zones: ['America/Ensenada', 'America/Santa_Isabel', 'America/Tijuana', 'Mexico/BajaNorte'],
    from: '1970-04-26',
    to: '1975-10-26',
  },
  {
    release: '2026a',
    why: 'Moldova changes its clocks at the same instant as the European Union',
    zones: ['Europe/Chisinau', 'Europe/Tiraspol'],
    from: '2022-03-27',
    to: end,
  },
  {
    release: '2026b',
    why: 'British Columbia keeps summer time',
    zones: ['America/Vancouver', 'Canada/Pacific'],
    from: '2026-11-01',
    to: end,
  },
  {
    release: '2026c',
    why: 'Alberta keeps summer time',
    zones: ['America/Edmonton', 'America/Yellowknife', 'Canada/Mountain'],
    from: '2026-11-01',
    to: end,
  },
  {
    release: '2026c',
    why: 'Morocco keeps the time of Greenwich',
    zones: ['Africa/Casablanca', 'Africa/El_Aaiun'],
    from: '2026-09-20',
    to: end,
  },
];

let database: TestDatabase;
let calendars: ReadonlyMap<string, ZoneCalendar>;

beforeAll(async () => {
  database = await createTestDatabase();
  calendars = zoneCalendars();
});

afterAll(() => database.remove());

/** `due_at` for each local time in a zone, in milliseconds since 1970, by the function that the trigger of tasks calls. */
async function dueAt(zone: string, locals: readonly number[]): Promise<number[]> {
  const [row] = await database.query<{ instants: number[] }>(
    `select array_agg(extract(epoch from todo.due_instant(local, $1))::float8 * 1000 order by place) as instants
     from unnest($2::float8[]) with ordinality as given (minutes, place),
       lateral (select timestamp 'epoch' + minutes * interval '1 minute' as local) as moment`,
    [zone, locals.map((local) => local / 60_000)],
  );
  return row?.instants ?? [];
}

/** The local times at which `due_at` differs from a calendar. */
async function differing(zone: string, locals: readonly number[], calendar: ZoneCalendar): Promise<string[]> {
  const found = await dueAt(zone, locals);
  return locals
    .filter((local, index) => found[index] !== instantOf(calendar, local))
    .map((local) => new Date(local).toISOString().slice(0, 16));
}

const releaseOf = (zone: string) => laterReleases.find(({ zones }) => zones.includes(zone));

describe('every zone of the tz database', () => {
  test('agrees with an independent calendar at each change of its offset and at noon of each solstice', async () => {
    const wrong: string[] = [];
    for (const [zone, calendar] of calendars) {
      const different = await differing(zone, localTimes(calendar), calendar);
      const { from = end, to = end } = releaseOf(zone) ?? {};
      wrong.push(...different.filter((local) => local < from || local > `${to}T24`).map((local) => `${zone} ${local}`));
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  test.each(laterReleases)('$zones: $why since release $release', async ({ zones, from, to }) => {
    for (const zone of zones) {
      const calendar = calendars.get(zone) as ZoneCalendar;
      const own = await databaseCalendar(zone, from, to);
      const locals = own.transitions.flatMap(localTimesAround);
      // If the copies disagree, the database follows its own.
      expect(await differing(zone, locals, own), zone).toEqual([]);
      // Both may have or lack the release. Otherwise the excluded days begin and end with days that differ.
      const different = await differing(zone, [...locals, ...localTimes(calendar)], calendar);
      if (different.length === 0) continue;
      const days = different.map((local) => local.slice(0, 10)).sort();
      expect(days[0], zone).toBe(from);
      if (to !== end) expect(days.at(-1), zone).toBe(to);
    }
  });
});

/** The changes of a zone's offset by the database's own copy, found without AT TIME ZONE, which knows abbreviations. */
async function databaseCalendar(zone: string, from: string, to: string): Promise<ZoneCalendar> {
  const rows = await database.query<{ at: number; before: number; after: number }>(
    `with setting as materialized (select set_config('TimeZone', $1, true) as zone),
     shown as (
       select instant, extract(timezone from instant)::float8 * 1000 as after
       from setting, generate_series(
           ($2 || 'T00:00:00Z')::timestamptz - interval '24 hours',
           ($3 || 'T00:00:00Z')::timestamptz + interval '48 hours',
           interval '1 hour') as instant
       where setting.zone = $1
     )
     select extract(epoch from instant)::float8 * 1000 as at, before, after
     from (select *, lag(after) over (order by instant) as before from shown) as compared
     where before <> after`,
    [zone, from, to],
  );
  return { first: 0, transitions: rows };
}

/** PostgreSQL's manual, appendix "Date/Time Configuration Files". */
test.each(['Default', 'Australia', 'India'])(
  'no zone is read as an abbreviation of the set %s, in any case',
  async (abbreviations) => {
    const local = Date.UTC(2026, 6, 15, 12);
    const rows = await database.query<{ zone: string; upper: number; lower: number; given: number }>(
      `with setting as materialized (select set_config('timezone_abbreviations', $1, true) as name)
       select zone, extract(epoch from todo.due_instant(local, zone))::float8 * 1000 as given,
         extract(epoch from todo.due_instant(local, upper(zone)))::float8 * 1000 as upper,
         extract(epoch from todo.due_instant(local, lower(zone)))::float8 * 1000 as lower
       from setting, unnest($2::text[]) as zone, lateral (select '2026-07-15 12:00'::timestamp as local) as noon
       where setting.name = $1`,
      [abbreviations, [...calendars.keys()]],
    );
    expect(rows.length).toBe(calendars.size);
    for (const { zone, ...instants } of rows) {
      const instant = instantOf(calendars.get(zone) as ZoneCalendar, local);
      expect(instants, zone).toEqual({ given: instant, upper: instant, lower: instant });
    }
  },
);

test('the database knows every name that the server accepts, and Node all except the newest', async () => {
  const rows = await database.query<{ name: string }>('select name from pg_timezone_names');
  const known = new Set(rows.map(({ name }) => name));
  expect([...timeZoneNames].filter((name) => !known.has(name))).toEqual([]);
  // The oldest supported Node has release 2025a, and this zone came with 2025b.
  const newest = [...timeZoneNames].filter((name) => !calendars.has(name));
  expect(['', 'America/Coyhaique']).toContain(newest.join());
});
