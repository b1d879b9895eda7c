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
  zone constant text := case time_zone
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
  end;
  instant timestamptz;
  earlier timestamptz;
begin
  begin
    perform set_config('TimeZone', zone, true);
  exception when invalid_parameter_value then
    -- Other names of zones, for servers whose copy of the tz database lacks old ones, as on Debian 13, or the newest ones.
    perform set_config('TimeZone', coalesce('{
      "Africa/Asmera": "Africa/Nairobi", "Africa/Timbuktu": "Africa/Abidjan",
      "America/Argentina/ComodRivadavia": "America/Argentina/Catamarca", "America/Atka": "America/Adak",
      "America/Buenos_Aires": "America/Argentina/Buenos_Aires", "America/Catamarca": "America/Argentina/Catamarca",
      "America/Coral_Harbour": "America/Panama", "America/Cordoba": "America/Argentina/Cordoba",
      "America/Ensenada": "America/Tijuana", "America/Fort_Wayne": "America/Indiana/Indianapolis",
      "America/Godthab": "America/Nuuk", "America/Indianapolis": "America/Indiana/Indianapolis",
      "America/Jujuy": "America/Argentina/Jujuy", "America/Knox_IN": "America/Indiana/Knox",
      "America/Kralendijk": "America/Puerto_Rico", "America/Louisville": "America/Kentucky/Louisville",
      "America/Lower_Princes": "America/Puerto_Rico", "America/Marigot": "America/Puerto_Rico",
      "America/Mendoza": "America/Argentina/Mendoza", "America/Montreal": "America/Toronto",
      "America/Nipigon": "America/Toronto", "America/Pangnirtung": "America/Iqaluit",
      "America/Porto_Acre": "America/Rio_Branco", "America/Rainy_River": "America/Winnipeg",
      "America/Rosario": "America/Argentina/Cordoba", "America/Santa_Isabel": "America/Tijuana",
      "America/Shiprock": "America/Denver", "America/St_Barthelemy": "America/Puerto_Rico",
      "America/Thunder_Bay": "America/Toronto", "America/Virgin": "America/Puerto_Rico",
      "America/Yellowknife": "America/Edmonton", "Antarctica/South_Pole": "Pacific/Auckland",
      "Arctic/Longyearbyen": "Europe/Berlin", "Asia/Ashkhabad": "Asia/Ashgabat", "Asia/Calcutta": "Asia/Kolkata",
      "Asia/Choibalsan": "Asia/Ulaanbaatar", "Asia/Chongqing": "Asia/Shanghai", "Asia/Chungking": "Asia/Shanghai",
      "Asia/Dacca": "Asia/Dhaka", "Asia/Harbin": "Asia/Shanghai", "Asia/Istanbul": "Europe/Istanbul",
      "Asia/Kashgar": "Asia/Urumqi", "Asia/Katmandu": "Asia/Kathmandu", "Asia/Macao": "Asia/Macau",
      "Asia/Rangoon": "Asia/Yangon", "Asia/Saigon": "Asia/Ho_Chi_Minh", "Asia/Tel_Aviv": "Asia/Jerusalem",
      "Asia/Thimbu": "Asia/Thimphu", "Asia/Ujung_Pandang": "Asia/Makassar", "Asia/Ulan_Bator": "Asia/Ulaanbaatar",
      "Atlantic/Faeroe": "Atlantic/Faroe", "Atlantic/Jan_Mayen": "Europe/Berlin",
      "Australia/ACT": "Australia/Sydney", "Australia/Canberra": "Australia/Sydney",
      "Australia/Currie": "Australia/Hobart", "Australia/LHI": "Australia/Lord_Howe",
      "Australia/NSW": "Australia/Sydney", "Australia/North": "Australia/Darwin",
      "Australia/Queensland": "Australia/Brisbane", "Australia/South": "Australia/Adelaide",
      "Australia/Tasmania": "Australia/Hobart", "Australia/Victoria": "Australia/Melbourne",
      "Australia/West": "Australia/Perth", "Australia/Yancowinna": "Australia/Broken_Hill",
      "Brazil/Acre": "America/Rio_Branco", "Brazil/DeNoronha": "America/Noronha", "Brazil/East": "America/Sao_Paulo",
      "Brazil/West": "America/Manaus", "Canada/Atlantic": "America/Halifax", "Canada/Central": "America/Winnipeg",
      "Canada/Eastern": "America/Toronto", "Canada/Mountain": "America/Edmonton",
      "Canada/Newfoundland": "America/St_Johns", "Canada/Pacific": "America/Vancouver",
      "Canada/Saskatchewan": "America/Regina", "Canada/Yukon": "America/Whitehorse",
      "Chile/Continental": "America/Santiago", "Chile/EasterIsland": "Pacific/Easter", "Cuba": "America/Havana",
      "Egypt": "Africa/Cairo", "Eire": "Europe/Dublin", "Etc/GMT+0": "Etc/GMT", "Etc/GMT-0": "Etc/GMT",
      "Etc/GMT0": "Etc/GMT", "Etc/Greenwich": "Etc/GMT", "Etc/UCT": "Etc/UTC", "Etc/Universal": "Etc/UTC",
      "Etc/Zulu": "Etc/UTC", "Europe/Belfast": "Europe/London", "Europe/Bratislava": "Europe/Prague",
      "Europe/Busingen": "Europe/Zurich", "Europe/Kiev": "Europe/Kyiv", "Europe/Kyiv": "Europe/Kiev",
      "Europe/Mariehamn": "Europe/Helsinki", "Europe/Nicosia": "Asia/Nicosia", "Europe/Podgorica": "Europe/Belgrade",
      "Europe/San_Marino": "Europe/Rome", "Europe/Tiraspol": "Europe/Chisinau", "Europe/Uzhgorod": "Europe/Kyiv",
      "Europe/Vatican": "Europe/Rome", "Europe/Zaporozhye": "Europe/Kyiv", "GB": "Europe/London",
      "GB-Eire": "Europe/London", "GMT": "Etc/GMT", "GMT+0": "Etc/GMT", "GMT-0": "Etc/GMT", "GMT0": "Etc/GMT",
      "Greenwich": "Etc/GMT", "Hongkong": "Asia/Hong_Kong", "Iceland": "Africa/Abidjan", "Iran": "Asia/Tehran",
      "Israel": "Asia/Jerusalem", "Jamaica": "America/Jamaica", "Japan": "Asia/Tokyo",
      "Kwajalein": "Pacific/Kwajalein", "Libya": "Africa/Tripoli", "Mexico/BajaNorte": "America/Tijuana",
      "Mexico/BajaSur": "America/Mazatlan", "Mexico/General": "America/Mexico_City", "NZ": "Pacific/Auckland",
      "NZ-CHAT": "Pacific/Chatham", "Navajo": "America/Denver", "PRC": "Asia/Shanghai",
      "Pacific/Enderbury": "Pacific/Kanton", "Pacific/Johnston": "Pacific/Honolulu",
      "Pacific/Kanton": "Pacific/Enderbury", "Pacific/Ponape": "Pacific/Guadalcanal",
      "Pacific/Samoa": "Pacific/Pago_Pago", "Pacific/Truk": "Pacific/Port_Moresby",
      "Pacific/Yap": "Pacific/Port_Moresby", "Poland": "Europe/Warsaw", "Portugal": "Europe/Lisbon",
      "ROC": "Asia/Taipei", "ROK": "Asia/Seoul", "Singapore": "Asia/Singapore", "Turkey": "Europe/Istanbul",
      "US/Alaska": "America/Anchorage", "US/Aleutian": "America/Adak", "US/Arizona": "America/Phoenix",
      "US/Central": "America/Chicago", "US/East-Indiana": "America/Indiana/Indianapolis",
      "US/Eastern": "America/New_York", "US/Hawaii": "Pacific/Honolulu", "US/Indiana-Starke": "America/Indiana/Knox",
      "US/Michigan": "America/Detroit", "US/Mountain": "America/Denver", "US/Pacific": "America/Los_Angeles",
      "US/Samoa": "Pacific/Pago_Pago", "UTC": "Etc/UTC", "Universal": "Etc/UTC", "W-SU": "Europe/Moscow"
    }'::jsonb ->> zone, zone), true);
  end;
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
