-- Resolves `CET`, `EET`, `MET` and `WET` as time zones: AT TIME ZONE takes them for abbreviations without summer time.
--
-- `due_at` is computed anew for every task, which rewrites the table and its indexes. PostgreSQL 14 to 16 can only do so
-- with a new column. The lock is ACCESS EXCLUSIVE on todo.tasks, held until the migration commits: reads and writes of
-- tasks wait for it. docs/operations.md says for how long.

-- The instant of a local time in a zone. Of a time that a clock change repeats it is the first, and a time that is
-- skipped counts by the offset before the gap (RFC 5545, section 3.3.5).
--
-- The setting TimeZone takes names of zones only, never the abbreviations of `timezone_abbreviations` (manual, appendix
-- "Date/Time Configuration Files"). SET gives it back at the end of the function; GMT is known to every server.
-- IMMUTABLE as far as the tz database is: new rules count from the next change of a task on.
CREATE FUNCTION "todo"."due_instant"("local" timestamp, "time_zone" text) RETURNS timestamp with time zone
LANGUAGE plpgsql IMMUTABLE STRICT
SET TimeZone = 'GMT' SET search_path = pg_catalog, pg_temp
AS $$
declare
  instant timestamptz;
  earlier timestamptz;
begin
  perform set_config('TimeZone', case time_zone
    -- Links since release 2024b of the tz database. A server whose copy is older, or comes without its links, may know
    -- these names as abbreviations alone, or take them for rules of its own.
    when 'CET' then 'Europe/Brussels'
    when 'CST6CDT' then 'America/Chicago'
    when 'EET' then 'Europe/Athens'
    when 'EST' then 'America/Panama'
    when 'EST5EDT' then 'America/New_York'
    when 'HST' then 'Pacific/Honolulu'
    when 'MET' then 'Europe/Brussels'
    when 'MST' then 'America/Phoenix'
    when 'MST7MDT' then 'America/Denver'
    when 'PST8PDT' then 'America/Los_Angeles'
    when 'UCT' then 'UTC'
    when 'WET' then 'Europe/Lisbon'
    when 'Zulu' then 'UTC'
    else time_zone
  end, true);
  -- Of two instants this is the second.
  instant := local;
  -- By the offset of the day before, which is the first if the clock then shows the same time.
  earlier := instant + ((local - interval '24 hours') - (instant - interval '24 hours')::timestamp);
  if earlier < instant and earlier::timestamp = local then
    return earlier;
  end if;
  return instant;
end
$$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."due_instant"(timestamp, text) TO "todo_user";
--> statement-breakpoint
DO $$
begin
  -- One statement, so that the table is rewritten once. The check goes with the column that it is about.
  ALTER TABLE "todo"."tasks"
    DROP COLUMN "due_at",
    ADD COLUMN "due_at" timestamp with time zone GENERATED ALWAYS AS (todo.due_instant(due_date + due_time, due_time_zone)) STORED,
    ADD CONSTRAINT "tasks_due_at_range" CHECK ("due_at" < '10000-01-01T00:00:00Z');
exception when invalid_parameter_value then
  raise exception 'Tasks have a time zone that this PostgreSQL server does not know any more (%). Install its complete tz database, on Debian 13 the package tzdata-legacy, and start again.', sqlerrm;
end
$$;
