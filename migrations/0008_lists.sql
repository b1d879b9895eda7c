-- Adds lists of tasks, subtasks, the order of tasks, recurrence, and the renaming of tags. Existing tasks are in the inbox, in
-- the order of their creation.
--
-- Writes and reads wait until the migration commits. docs/operations.md says for how long.

-- In the order in which requests lock them, so that the migration and a running server cannot deadlock.
LOCK TABLE "todo"."idempotency_keys", "todo"."heads", "todo"."tasks", "todo"."changes", "todo"."deleted" IN ACCESS EXCLUSIVE MODE;
--> statement-breakpoint
-- The policies also bind an owner who is no superuser. The migrator forces them again after each migration.
ALTER TABLE "todo"."tasks" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
-- Positions are keys for the manual order of siblings, compared byte by byte. The algorithm and the keys are those of the
-- npm package `fractional-indexing`, so that clients can also compute them. A key is an integer and a fraction, with the
-- digits 0-9, A-Z and a-z. The first letter of the integer is its sign and its length.

-- The number of characters of the integer that a key begins with: 2 for `a` and `Z`, up to 27 for `z` and `A`.
CREATE FUNCTION "todo"."position_integer_length"("key" text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	select case when key >= 'a' collate "C" then ascii(key) - 95 else 92 - ascii(key) end
$$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."position_integer_length"(text) TO "todo_user";
--> statement-breakpoint
-- The integer of a key; null if the key is malformed. A trailing zero of a fraction would make two keys for one place. No
-- key would be before the smallest integer, so it is no key without a fraction.
CREATE FUNCTION "todo"."position_integer"("key" text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	select case
		when key collate "C" ~ '^[A-Za-z][0-9A-Za-z]*$'
			and char_length(key) >= todo.position_integer_length(key)
			and (char_length(key) = todo.position_integer_length(key) or right(key, 1) <> '0')
			and key <> 'A00000000000000000000000000'
		then left(key, todo.position_integer_length(key))
	end
$$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."position_integer"(text) TO "todo_user";
--> statement-breakpoint
-- Whether clients may write a key. It has at most 100 characters, because the server gives siblings new keys if one of
-- theirs would have more.
CREATE FUNCTION "todo"."is_position"("key" text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	select char_length(key) <= 100 and todo.position_integer(key) is not null
$$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."is_position"(text) TO "todo_user";
--> statement-breakpoint
-- The next integer; null after the largest one. Trailing digits `z` become zeros, and the digit or letter before them
-- becomes the next one.
CREATE FUNCTION "todo"."next_position_integer"("integer" text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
declare
	kept constant text := rtrim("integer", 'z');
	last constant text := right(kept, 1);
	incremented constant text := left(kept, -1) || case last when '9' then 'A' when 'Z' then 'a' else chr(ascii(last) + 1) end;
begin
	if kept = '' then
		return null;
	end if;
	return rpad(incremented, todo.position_integer_length(incremented), '0');
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."next_position_integer"(text) TO "todo_user";
--> statement-breakpoint
-- The previous integer of one that is not the smallest. Trailing zeros become `z`, and the digit or letter before them
-- becomes the previous one.
CREATE FUNCTION "todo"."previous_position_integer"("integer" text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
declare
	kept constant text := rtrim("integer", '0');
	last constant text := right(kept, 1);
	decremented constant text := left(kept, -1) || case last when 'A' then '9' when 'a' then 'Z' else chr(ascii(last) - 1) end;
begin
	return rpad(decremented, todo.position_integer_length(decremented), 'z');
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."previous_position_integer"(text) TO "todo_user";
--> statement-breakpoint
-- A short fraction between two others, of which the first is less. Without `upper`, a fraction after `lower`.
CREATE FUNCTION "todo"."position_fraction_between"("lower" text, "upper" text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
declare
	digits constant text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
	low integer;
	high integer;
	result text := '';
begin
	-- It returns at the latest after the last digits, where `low` is 0 and `high` is 62.
	for place in 1 .. greatest(char_length("lower"), char_length("upper")) + 1 loop
		-- 0 after the end of `lower`, because strpos finds an empty text at 1.
		low := strpos(digits, substr("lower", place, 1)) - 1;
		high := case when "upper" is null then 62 else strpos(digits, substr("upper", place, 1)) - 1 end;
		if high - low > 1 then
			return result || substr(digits, (low + high + 1) / 2 + 1, 1);
		end if;
		if low < high then
			if place < char_length("upper") then
				return result || substr("upper", place, 1);
			end if;
			"upper" := null;
		end if;
		result := result || substr(digits, low + 1, 1);
	end loop;
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."position_fraction_between"(text, text) TO "todo_user";
--> statement-breakpoint
-- A key between two others. Without `lower`, it is before `upper`. Without `upper`, it is after `lower`. It has at
-- most one character more than the longer one, so it may have more than 100.
CREATE FUNCTION "todo"."position_between"("lower" text, "upper" text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
declare
	smallest constant text := 'A00000000000000000000000000';
	lower_integer constant text := todo.position_integer("lower");
	upper_integer constant text := todo.position_integer("upper");
	result text;
begin
	if (lower_integer is null and "lower" is not null) or (upper_integer is null and "upper" is not null) then
		raise exception 'a position is malformed'
			using errcode = 'check_violation', schema = 'todo', constraint = 'position_format';
	end if;
	if "lower" >= "upper" collate "C" then
		raise exception 'the lower position is not less than the upper position'
			using errcode = 'check_violation', schema = 'todo', constraint = 'position_order';
	end if;

	if "lower" is null then
		if "upper" is null then
			return 'a0';
		end if;
		if upper_integer = smallest then
			return smallest || todo.position_fraction_between('', substr("upper", char_length(smallest) + 1));
		end if;
		if upper_integer <> "upper" then
			return upper_integer;
		end if;
		result := todo.previous_position_integer(upper_integer);
		-- The package returns the smallest integer, and rejects it afterwards.
		return case when result = smallest then smallest || todo.position_fraction_between('', null) else result end;
	end if;

	if lower_integer is distinct from upper_integer then
		result := todo.next_position_integer(lower_integer);
		if result < "upper" collate "C" or ("upper" is null and result is not null) then
			return result;
		end if;
		"upper" := null;
	end if;
	return lower_integer || todo.position_fraction_between(
		substr("lower", char_length(lower_integer) + 1), substr("upper", char_length(lower_integer) + 1)
	);
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."position_between"(text, text) TO "todo_user";
--> statement-breakpoint
-- The key after a number of insertions at the end of a list that begins with `a0`: `a1` after 1, `b00` after 62.
CREATE FUNCTION "todo"."position_at"("number" bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
declare
	digits constant text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
	rest bigint := "number";
	result text := '';
begin
	if "number" < 0 then
		raise exception 'the number of a position is negative' using errcode = 'numeric_value_out_of_range';
	end if;
	loop
		result := substr(digits, (rest % 62)::integer + 1, 1) || result;
		-- One less, because the integers of one length begin again at zero.
		rest := rest / 62 - 1;
		exit when rest < 0;
	end loop;
	return chr(ascii('a') + char_length(result) - 1) || result;
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."position_at"(bigint) TO "todo_user";
--> statement-breakpoint
CREATE TABLE "todo"."lists" (
	"owner_id" text NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"color" text,
	"position" text collate "C" NOT NULL,
	"archived" boolean DEFAULT false NOT NULL,
	"task_count" integer DEFAULT 0 NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"seq" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
	CONSTRAINT "lists_owner_id_id_pk" PRIMARY KEY("owner_id","id"),
	CONSTRAINT "lists_seq" UNIQUE("owner_id","seq")
-- The updates that count tasks are HOT as long as a page has room for them.
) WITH (fillfactor = 70);
--> statement-breakpoint
ALTER TABLE "todo"."lists" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "owner_only" ON "todo"."lists" AS PERMISSIVE FOR ALL TO "todo_user" USING ("todo"."lists"."owner_id" = nullif(current_setting('app.user_id', true), '')) WITH CHECK ("todo"."lists"."owner_id" = nullif(current_setting('app.user_id', true), ''));--> statement-breakpoint
ALTER TABLE "todo"."heads" ADD COLUMN "lists" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE TYPE "todo"."recurrence_from" AS ENUM('Due', 'Completion');--> statement-breakpoint
CREATE TYPE "todo"."recurrence_missed" AS ENUM('Skip', 'Each');--> statement-breakpoint
ALTER TABLE "todo"."tasks"
	ADD COLUMN "list_id" uuid,
	ADD COLUMN "parent_id" uuid,
	ADD COLUMN "position" text collate "C",
	ADD COLUMN "list_key" uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
	ADD COLUMN "parent_key" uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
	ADD COLUMN "recurrence_rule" text,
	ADD COLUMN "recurrence_from" "todo"."recurrence_from",
	ADD COLUMN "recurrence_missed" "todo"."recurrence_missed",
	ADD COLUMN "recurrence_anchor" date,
	ADD COLUMN "recurrence_day" date,
	ADD COLUMN "series_id" uuid;
--> statement-breakpoint
-- The position is no change of a task.
ALTER TABLE "todo"."tasks" DISABLE TRIGGER "write_task";--> statement-breakpoint
UPDATE "todo"."tasks" AS task SET position = todo.position_at(numbered.place - 1)
FROM (
	SELECT owner_id, id, row_number() OVER (PARTITION BY owner_id ORDER BY created_at, id) AS place FROM "todo"."tasks"
) AS numbered
WHERE task.owner_id = numbered.owner_id AND task.id = numbered.id;
--> statement-breakpoint
ALTER TABLE "todo"."tasks" ENABLE TRIGGER "write_task";--> statement-breakpoint
-- The trigger computes the keys, and the position if none is given.
ALTER TABLE "todo"."tasks"
	ALTER COLUMN "position" SET NOT NULL,
	ALTER COLUMN "list_key" DROP DEFAULT,
	ALTER COLUMN "parent_key" DROP DEFAULT,
	ADD CONSTRAINT "tasks_list" FOREIGN KEY ("owner_id","list_id") REFERENCES "todo"."lists"("owner_id","id"),
	ADD CONSTRAINT "tasks_parent" FOREIGN KEY ("owner_id","parent_id") REFERENCES "todo"."tasks"("owner_id","id") ON DELETE cascade;
--> statement-breakpoint
CREATE INDEX "tasks_by_position" ON "todo"."tasks" USING btree ("owner_id","list_key","parent_key","position","id");--> statement-breakpoint
CREATE INDEX "tasks_by_parent" ON "todo"."tasks" USING btree ("owner_id","parent_id") WHERE parent_id is not null;--> statement-breakpoint
-- A UUID of version 8 (RFC 9562), which is always the same for a text.
CREATE FUNCTION "todo"."derived_uuid"("source" text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	select encode(set_byte(set_byte(hash, 6, get_byte(hash, 6) & 15 | 128), 8, get_byte(hash, 8) & 63 | 128), 'hex')::uuid
	from (select substr(sha256(convert_to("source", 'UTF8')), 1, 16)) as digest (hash)
$$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."derived_uuid"(text) TO "todo_user";
--> statement-breakpoint
CREATE INDEX "deleted_trash_by_change_set" ON "todo"."deleted" USING btree ("owner_id","change_set") WHERE content is not null;--> statement-breakpoint
-- Fails as a check constraint of a table.
CREATE FUNCTION "todo"."violate"("violated_table" text, "violated" text) RETURNS void LANGUAGE plpgsql AS $$
begin
	raise exception '% violates the check constraint "%"', violated_table, violated
		using errcode = 'check_violation', schema = 'todo', table = violated_table, constraint = violated;
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."violate"(text, text) TO "todo_user";
--> statement-breakpoint
-- Numbers a change, counts the resource, and records the change in the history. It keeps the lock of the user's head until
-- the write commits, so that numbers are in the order of the commits. Once per 1,000 changes, it forgets the history and the
-- trash before the user's last 100,000 changes.
CREATE FUNCTION "todo"."record_change"(
	"owner" text, "resource" text, "changed_id" uuid, "kind" todo.change_kind, "version" integer, "change_set" uuid, "fields" jsonb
) RETURNS bigint LANGUAGE plpgsql AS $$
declare
	added constant integer := case kind when 'Updated' then 0 when 'Deleted' then -1 else 1 end;
	reserved constant text := current_setting('app.next_number', true);
	last bigint;
	number bigint;
	total integer;
begin
	if reserved <> '' then
		number := split_part(reserved, ' ', 1);
		last := split_part(reserved, ' ', 2);
		perform set_config('app.next_number', case when number < last then format('%s %s', number + 1, last) else '' end, true);
	elsif resource = 'task' then
		insert into todo.heads as head (owner_id, seq, tasks) values (owner, 1, added)
		on conflict (owner_id) do update set seq = head.seq + 1, tasks = head.tasks + added
		returning head.seq, head.tasks into number, total;
	else
		insert into todo.heads as head (owner_id, seq, lists) values (owner, 1, added)
		on conflict (owner_id) do update set seq = head.seq + 1, lists = head.lists + added
		returning head.seq, head.lists into number, total;
	end if;
	if added > 0 then
		perform todo.require_quota(resource || 's', total);
	end if;
	insert into todo.changes (owner_id, seq, resource, id, kind, version, at, actor, change_set, fields)
	values (
		owner, number, resource, changed_id, kind, version, statement_timestamp(),
		nullif(current_setting('app.actor', true), ''), change_set, fields
	);
	if number % 1000 = 0 then
		delete from todo.changes as change where change.owner_id = owner and change.seq <= number - 100000;
		update todo.deleted as deleted set content = null
		where deleted.owner_id = owner and deleted.seq <= number - 100000 and deleted.content is not null;
	end if;
	return number;
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."record_change"(text, text, uuid, todo.change_kind, integer, uuid, jsonb) TO "todo_user";
--> statement-breakpoint
-- Records a deletion, and moves the resource to the trash; without a trash, only a tombstone stays.
CREATE FUNCTION "todo"."record_deletion"("owner" text, "deleted_resource" text, "deleted_id" uuid, "deleted_version" integer, "content" jsonb) RETURNS void LANGUAGE plpgsql AS $$
declare
	has_trash constant boolean := coalesce(current_setting('app.has_trash', true), '') <> 'false';
	change_set constant uuid := todo.current_change_set();
	number bigint;
begin
	number := todo.record_change(owner, deleted_resource, deleted_id, 'Deleted', deleted_version + 1, change_set, null);
	insert into todo.deleted (owner_id, resource, id, seq, version, deleted_at, change_set, content)
	values (
		owner, deleted_resource, deleted_id, number, deleted_version + 1, statement_timestamp(), change_set,
		case when has_trash then record_deletion.content end
	);
	if not has_trash then
		delete from todo.changes as change
		where change.owner_id = owner and change.resource = deleted_resource and change.id = deleted_id;
	end if;
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."record_deletion"(text, text, uuid, integer, jsonb) TO "todo_user";
--> statement-breakpoint
-- Reserves numbers for the next changes of this transaction, which must add and delete no lists. Otherwise each change would
-- update the head of the user, and PostgreSQL would look through all versions of that row. The setting has the next number
-- and the last one. Until they are used up, lists do not count their tasks.
CREATE FUNCTION "todo"."reserve_numbers"("owner" text, "count" integer, "added_tasks" integer) RETURNS void LANGUAGE plpgsql AS $$
declare
	last bigint;
	total integer;
begin
	if "count" = 0 then
		return;
	end if;
	update todo.heads as head set seq = head.seq + "count", tasks = head.tasks + added_tasks
	where head.owner_id = owner returning head.seq, head.tasks into last, total;
	if added_tasks > 0 then
		perform todo.require_quota('tasks', total);
	end if;
	perform set_config('app.next_number', format('%s %s', last - "count" + 1, last), true);
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."reserve_numbers"(text, integer, integer) TO "todo_user";
--> statement-breakpoint
-- The position of a list at a place among the user's other lists: at the start, at the end, or before or after a sibling. It
-- stays if the list is there. The other lists get new positions if two of them have the same one, or if the position would
-- be too long. Stops the write if there is no such sibling.
CREATE FUNCTION "todo"."list_position"("owner" text, "placed" uuid, "place" text, "sibling" uuid) RETURNS text LANGUAGE plpgsql AS $$
declare
	current constant text := (select list.position from todo.lists as list where list.owner_id = owner and list.id = placed);
	ids uuid[];
	positions text[];
	changed uuid[];
	new_positions text[];
	lists_before integer;
	lower text;
	upper text;
	result text;
begin
	select array_agg(list.id order by list.position, list.id), array_agg(list.position order by list.position, list.id)
	into ids, positions
	from todo.lists as list where list.owner_id = owner and list.id <> placed;
	lists_before := case place
		when 'start' then 0
		when 'end' then coalesce(cardinality(ids), 0)
		when 'before' then array_position(ids, sibling) - 1
		when 'after' then array_position(ids, sibling)
	end;
	if lists_before is null then
		perform todo.stop_write('sibling_not_found');
	end if;
	lower := positions[lists_before];
	upper := positions[lists_before + 1];
	if current > coalesce(lower, '') collate "C" and (upper is null or current < upper collate "C") then
		return current;
	end if;
	if lower is distinct from upper or lower is null then
		result := todo.position_between(lower, upper);
		if char_length(result) <= 100 then
			return result;
		end if;
	end if;

	select array_agg(other.id), array_agg(todo.position_at(other.number - 1)) into changed, new_positions
	from unnest(ids, positions) with ordinality as other (id, position, number)
	where other.position <> todo.position_at(other.number - 1);
	perform todo.reserve_numbers(owner, cardinality(changed), 0);
	update todo.lists as list set position = other.position
	from unnest(changed, new_positions) as other (id, position) where list.owner_id = owner and list.id = other.id;
	return todo.position_between(
		case when lists_before > 0 then todo.position_at(lists_before - 1) end,
		case when lists_before < cardinality(ids) then todo.position_at(lists_before) end
	);
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."list_position"(text, uuid, text, uuid) TO "todo_user";
--> statement-breakpoint
-- Checks a list, and numbers and records the change. An update that changes nothing does nothing. The number of its tasks is
-- no change of a list.
CREATE FUNCTION "todo"."write_list"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	kind todo.change_kind;
	fields jsonb;
	violated text;
begin
	if tg_op = 'UPDATE' then
		fields := '{}';
		if new.name <> old.name then
			fields := fields || jsonb_build_object('name', jsonb_build_array(old.name, new.name));
		end if;
		if new.color is distinct from old.color then
			fields := fields || jsonb_build_object('color', jsonb_build_array(old.color, new.color));
		end if;
		if new.position <> old.position then
			fields := fields || jsonb_build_object('position', jsonb_build_array(old.position, new.position));
		end if;
		if new.archived <> old.archived then
			fields := fields || jsonb_build_object('archived', jsonb_build_array(old.archived, new.archived));
		end if;
		-- The policies reject a change of the owner.
		if fields = '{}' and (new.owner_id, new.id, new.created_at) = (old.owner_id, old.id, old.created_at) then
			return case when new.task_count <> old.task_count then new end;
		end if;
		kind := 'Updated';
		new.version := old.version + 1;
		new.updated_at := greatest(statement_timestamp(), old.updated_at);
	else
		kind := case when new.version > 1 then 'Restored' else 'Created' end;
		new.position := coalesce(new.position, todo.list_position(new.owner_id, new.id, 'end', null));
	end if;
	violated := case
		when char_length(new.name) not between 1 and 100 then 'lists_name_length'
		when new.color !~ '^#[0-9a-f]{6}$' then 'lists_color'
		when not todo.is_position(new.position) then 'lists_position'
		when new.task_count < 0 then 'lists_task_count'
		when new.version < 1 then 'lists_version_positive'
	end;
	if violated is not null then
		perform todo.violate('lists', violated);
	end if;
	new.seq := todo.record_change(new.owner_id, 'list', new.id, kind, new.version, todo.current_change_set(), fields);
	return new;
end $$;
--> statement-breakpoint
CREATE TRIGGER "write_list" BEFORE INSERT OR UPDATE ON "todo"."lists" FOR EACH ROW EXECUTE FUNCTION "todo"."write_list"();--> statement-breakpoint
CREATE FUNCTION "todo"."delete_list"() RETURNS trigger LANGUAGE plpgsql AS $$
begin
	perform todo.record_deletion(old.owner_id, 'list', old.id, old.version, jsonb_build_object(
		'id', old.id, 'name', old.name, 'color', old.color, 'position', old.position, 'archived', old.archived,
		'task_count', 0, 'version', old.version, 'created_at', old.created_at, 'updated_at', old.updated_at
	));
	return null;
end $$;
--> statement-breakpoint
CREATE TRIGGER "delete_list" AFTER DELETE ON "todo"."lists" FOR EACH ROW EXECUTE FUNCTION "todo"."delete_list"();--> statement-breakpoint
-- Adds to the number of open tasks of a list. It fails as the foreign key if there is no such list.
CREATE FUNCTION "todo"."count_in_list"("owner" text, "counted" uuid, "added" integer) RETURNS void LANGUAGE plpgsql AS $$
begin
	if current_setting('app.next_number', true) <> '' then
		return;
	end if;
	update todo.lists as list set task_count = list.task_count + added where list.owner_id = owner and list.id = counted;
	if not found then
		raise exception 'the list does not exist'
			using errcode = 'foreign_key_violation', schema = 'todo', table = 'tasks', constraint = 'tasks_list';
	end if;
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."count_in_list"(text, uuid, integer) TO "todo_user";
--> statement-breakpoint
-- Fails unless a task may be a subtask of the parent: in the same list, without a cycle, and at most at the fifth level.
CREATE FUNCTION "todo"."require_parent"("owner" text, "child" uuid, "parent" uuid, "list" uuid) RETURNS void LANGUAGE plpgsql AS $$
declare
	ancestor uuid := parent;
	above record;
	levels integer := 1;
begin
	-- Without a limit, a cycle of other tasks would have no end.
	while ancestor is not null and levels <= 5 loop
		if ancestor = child then
			perform todo.violate('tasks', 'tasks_parent_cycle');
		end if;
		select task.parent_id, task.list_id into above from todo.tasks as task where task.owner_id = owner and task.id = ancestor;
		if not found then
			raise exception 'the parent does not exist'
				using errcode = 'foreign_key_violation', schema = 'todo', table = 'tasks', constraint = 'tasks_parent';
		end if;
		if above.list_id is distinct from list then
			perform todo.violate('tasks', 'tasks_parent_list');
		end if;
		ancestor := above.parent_id;
		levels := levels + 1;
	end loop;
	-- The levels of the subtasks below.
	levels := levels + (
		with recursive below as (
			select task.id, 1 as level from todo.tasks as task where task.owner_id = owner and task.parent_id = child
			union all
			select task.id, below.level + 1 from below join todo.tasks as task on task.owner_id = owner and task.parent_id = below.id
			where below.level < 5
		)
		select coalesce(max(level), 0) from below
	);
	if levels > 5 then
		perform todo.violate('tasks', 'tasks_parent_depth');
	end if;
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."require_parent"(text, uuid, uuid, uuid) TO "todo_user";
--> statement-breakpoint
-- Whether an undo is in progress. It gives each task its earlier status itself. It checks parents after all of its changes,
-- because some of them are not possible one after the other.
CREATE FUNCTION "todo"."is_undoing"() RETURNS boolean LANGUAGE sql STABLE AS $$
	select coalesce(current_setting('app.is_undoing', true), '') = 'true'
$$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."is_undoing"() TO "todo_user";
--> statement-breakpoint
-- The level of a task: 1 at the top level, 2 for its subtasks.
CREATE FUNCTION "todo"."task_level"("owner" text, "id" uuid) RETURNS integer LANGUAGE sql STABLE AS $$
	with recursive above as (
		select task.parent_id, 1 as level from todo.tasks as task where task.owner_id = owner and task.id = task_level.id
		union all
		select task.parent_id, above.level + 1
		from above join todo.tasks as task on task.owner_id = owner and task.id = above.parent_id
	)
	select max(above.level) from above
$$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."task_level"(text, uuid) TO "todo_user";
--> statement-breakpoint
-- So many positions between two others, in ascending order.
CREATE FUNCTION "todo"."positions_between"("lower" text, "upper" text, "count" integer) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
declare
	middle constant text := todo.position_between(lower, upper);
	half constant integer := "count" / 2;
begin
	if "count" = 0 then
		return '{}';
	end if;
	-- One after the other, they would become longer and longer.
	return todo.positions_between(lower, middle, half) || middle || todo.positions_between(middle, upper, "count" - half - 1);
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."positions_between"(text, text, integer) TO "todo_user";
--> statement-breakpoint
-- Makes room between the positions `lower` and `upper` of two neighbours among the tasks with a list and a parent. Their
-- siblings around them that have long positions, or the same position as both, get new ones in the same order.
CREATE FUNCTION "todo"."renew_positions"("owner" text, "moved" uuid, "list" uuid, "parent" uuid, "lower" text, "upper" text) RETURNS void LANGUAGE plpgsql AS $$
declare
	reserved constant text := coalesce(current_setting('app.next_number', true), '');
	shared constant text := case when lower = upper then lower end;
	first text;
	last text;
	ids uuid[];
begin
	first := (
		select task.position from todo.tasks as task
		where task.owner_id = owner and task.list_key = list and task.parent_key = parent and task.id <> moved
			and task.position <= lower and char_length(task.position) <= 20 and task.position is distinct from shared
		order by task.position desc limit 1
	);
	last := (
		select task.position from todo.tasks as task
		where task.owner_id = owner and task.list_key = list and task.parent_key = parent and task.id <> moved
			and task.position >= upper and char_length(task.position) <= 20 and task.position is distinct from shared
		order by task.position limit 1
	);
	ids := array(
		select task.id from todo.tasks as task
		where task.owner_id = owner and task.list_key = list and task.parent_key = parent and task.id <> moved
			and (first is null or task.position > first) and (last is null or task.position < last)
		order by task.position, task.id
	);
	perform todo.reserve_numbers(owner, cardinality(ids), 0);
	update todo.tasks as task set position = renewed.position
	from unnest(ids, todo.positions_between(first, last, cardinality(ids))) as renewed (id, position)
	where task.owner_id = owner and task.id = renewed.id;
	perform set_config('app.next_number', reserved, true);
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."renew_positions"(text, uuid, uuid, uuid, text, text) TO "todo_user";
--> statement-breakpoint
-- A position for a task among the others with a list and a parent: at the `start`, at the `end`, or `before` or `after` one
-- of them. If the task is there already, with the position `current`, the result is that position. Other tasks get new
-- positions if two have the same one, or if the position would be too long.
CREATE FUNCTION "todo"."find_position"(
	"owner" text, "moved" uuid, "list" uuid, "parent" uuid, "place" text, "neighbour" uuid, "current" text
) RETURNS text LANGUAGE plpgsql AS $$
declare
	lower text;
	upper text;
	above uuid := neighbour;
	next text;
	result text;
begin
	if neighbour is null then
		if place = 'end' then
			select task.position into lower from todo.tasks as task
			where task.owner_id = owner and task.list_key = list and task.parent_key = parent and task.id <> moved
			order by task.position desc limit 1;
		else
			select task.position into upper from todo.tasks as task
			where task.owner_id = owner and task.list_key = list and task.parent_key = parent and task.id <> moved
			order by task.position limit 1;
		end if;
	else
		select task.position into lower from todo.tasks as task
		where task.owner_id = owner and task.list_key = list and task.parent_key = parent
			and task.id <> moved and task.id = neighbour;
		if lower is null then
			perform todo.violate('tasks', 'tasks_place');
		end if;
		if place = 'after' then
			select task.position, task.id into upper, above from todo.tasks as task
			where task.owner_id = owner and task.list_key = list and task.parent_key = parent
				and (task.position, task.id) > (lower, neighbour) and task.id <> moved
			order by task.position, task.id limit 1;
		else
			upper := lower;
			lower := (
				select task.position from todo.tasks as task
				where task.owner_id = owner and task.list_key = list and task.parent_key = parent
					and (task.position, task.id) < (upper, neighbour) and task.id <> moved
				order by task.position desc, task.id desc limit 1
			);
		end if;
	end if;
	if current > coalesce(lower, '') collate "C" and (upper is null or current < upper collate "C") then
		return current;
	end if;

	-- The one above moves up, unless others have its position, too.
	if lower = upper then
		next := (
			select task.position from todo.tasks as task
			where task.owner_id = owner and task.list_key = list and task.parent_key = parent
				and (task.position, task.id) > (upper, above) and task.id <> moved
			order by task.position, task.id limit 1
		);
		if next is distinct from upper then
			result := todo.position_between(upper, next);
			if todo.is_position(result) then
				update todo.tasks as task set position = result where task.owner_id = owner and task.id = above;
				upper := result;
			end if;
		end if;
	end if;
	if (lower = upper) is not true then
		result := todo.position_between(lower, upper);
		if todo.is_position(result) then
			return result;
		end if;
	end if;
	perform todo.renew_positions(owner, moved, list, parent, lower, upper);
	return todo.find_position(owner, moved, list, parent, place, neighbour, null);
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."find_position"(text, uuid, uuid, uuid, text, uuid, text) TO "todo_user";
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "todo"."write_task"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	kind todo.change_kind;
	fields jsonb;
	violated text;
begin
	if tg_op = 'INSERT' then
		kind := case when new.version > 1 then 'Restored' else 'Created' end;
	else
		kind := 'Updated';
		new.version := old.version + 1;
		new.updated_at := greatest(statement_timestamp(), old.updated_at);
	end if;

	new.status_rank := case new.status when 'Todo' then 0 when 'InProgress' then 1 when 'Done' then 2 end;
	new.priority_rank := case new.priority when 'Low' then 0 when 'Medium' then 1 when 'High' then 2 end;
	if new.status <> 'Done' then
		new.completed_at := null;
	elsif new.completed_at is null then
		new.completed_at := new.updated_at;
	end if;
	if new.due_date is null then
		new.due_at := null;
		new.due_order := 'infinity';
		new.due_order_descending := '-infinity';
	else
		new.due_at := todo.due_instant(new.due_date + new.due_time, new.due_time_zone);
		new.due_order := coalesce(new.due_date + new.due_time, new.due_date::timestamp - interval '1 microsecond');
		new.due_order_descending := new.due_order;
	end if;
	if new.recurrence_rule is not null then
		if tg_op = 'UPDATE' and old.status = 'Done' and new.status = 'Done' then
			-- A completed task has no recurrence. So the repetition of the replacement that completed it changes nothing.
			new.recurrence_rule := null;
			new.recurrence_from := null;
			new.recurrence_missed := null;
			new.recurrence_anchor := null;
			new.recurrence_day := null;
		else
			if tg_op = 'UPDATE' and new.recurrence_anchor is null
				and (new.recurrence_rule, new.recurrence_from, new.recurrence_missed)
					is not distinct from (old.recurrence_rule, old.recurrence_from, old.recurrence_missed) then
				new.recurrence_anchor := old.recurrence_anchor;
				new.recurrence_day := old.recurrence_day;
			end if;
			-- The server checks new rules and creates the next occurrence. Only the server can compute days of rules.
			if new.status = 'Done' or new.recurrence_anchor is null then
				perform todo.stop_write('recurrence');
			end if;
			new.series_id := coalesce(new.series_id, gen_random_uuid());
		end if;
	end if;
	new.list_key := coalesce(new.list_id, '00000000-0000-0000-0000-000000000000');
	new.parent_key := coalesce(new.parent_id, '00000000-0000-0000-0000-000000000000');
	if new.position is null then
		-- As find_position does it, without the cost of that function.
		new.position := todo.position_between(
			(
				select task.position from todo.tasks as task
				where task.owner_id = new.owner_id and task.list_key = new.list_key and task.parent_key = new.parent_key
				order by task.position desc limit 1
			),
			null
		);
		if char_length(new.position) > 100 then
			new.position := todo.find_position(new.owner_id, new.id, new.list_key, new.parent_key, 'end', null, null);
		end if;
	end if;

	violated := case
		when char_length(new.owner_id) not between 1 and 255 then 'tasks_owner_id_length'
		when char_length(new.title) not between 1 and 255 then 'tasks_title_length'
		when char_length(new.description) > 10000 then 'tasks_description_length'
		when new.version < 1 then 'tasks_version_positive'
		when new.updated_at < new.created_at then 'tasks_updated_after_created'
		when new.due_date not between '1900-01-01' and '9999-12-31' then 'tasks_due_range'
		when new.due_time >= '24:00' or extract(second from new.due_time) <> 0 then 'tasks_due_minutes'
		when new.due_time is not null and new.due_date is null then 'tasks_due_kind'
		when new.due_time_zone is not null and new.due_time is null then 'tasks_due_kind'
		-- RFC 3339 has no later years.
		when new.due_at >= '10000-01-01T00:00:00Z' then 'tasks_due_at_range'
		when not todo.is_position(new.position) then 'tasks_position'
		when new.recurrence_rule is not null and new.due_date is null then 'tasks_recurrence_due'
		when new.recurrence_rule is null and new.recurrence_missed is not null then 'tasks_recurrence_rule'
		when new.recurrence_rule is null and new.recurrence_from is not null then 'tasks_recurrence_rule'
	end;
	if violated is not null then
		perform todo.violate('tasks', violated);
	end if;

	if tg_op = 'UPDATE' then
		fields := '{}';
		if new.title <> old.title then
			fields := fields || jsonb_build_object('title', jsonb_build_array(old.title, new.title));
		end if;
		if new.description is distinct from old.description then
			fields := fields || jsonb_build_object('description', jsonb_build_array(old.description, new.description));
		end if;
		if new.status <> old.status then
			fields := fields || jsonb_build_object('status', jsonb_build_array(old.status, new.status));
		end if;
		if new.priority <> old.priority then
			fields := fields || jsonb_build_object('priority', jsonb_build_array(old.priority, new.priority));
		end if;
		if new.tag_names <> old.tag_names then
			fields := fields || jsonb_build_object('tags', jsonb_build_array(old.tag_names, new.tag_names));
		end if;
		-- With the parent, the list is recorded even if it stays, so that an undo knows to which list the task returns.
		if new.parent_id is distinct from old.parent_id then
			fields := fields || jsonb_build_object(
				'list_id', jsonb_build_array(old.list_id, new.list_id),
				'parent_id', jsonb_build_array(old.parent_id, new.parent_id)
			);
		elsif new.list_id is distinct from old.list_id then
			fields := fields || jsonb_build_object('list_id', jsonb_build_array(old.list_id, new.list_id));
		end if;
		if new.position <> old.position then
			fields := fields || jsonb_build_object('position', jsonb_build_array(old.position, new.position));
		end if;
		if (new.due_date, new.due_time, new.due_time_zone) is distinct from (old.due_date, old.due_time, old.due_time_zone) then
			fields := fields || jsonb_build_object(
				'due_date', jsonb_build_array(old.due_date, new.due_date),
				'due_time', jsonb_build_array(old.due_time, new.due_time),
				'due_time_zone', jsonb_build_array(old.due_time_zone, new.due_time_zone)
			);
		end if;
		-- A task with a recurrence is in a series, so most tasks need no comparison.
		if coalesce(new.series_id, old.series_id) is not null and (
			new.recurrence_rule, new.recurrence_from, new.recurrence_missed, new.recurrence_anchor, new.recurrence_day, new.series_id
		) is distinct from (
			old.recurrence_rule, old.recurrence_from, old.recurrence_missed, old.recurrence_anchor, old.recurrence_day, old.series_id
		) then
			fields := fields || jsonb_build_object(
				'recurrence_rule', jsonb_build_array(old.recurrence_rule, new.recurrence_rule),
				'recurrence_from', jsonb_build_array(old.recurrence_from, new.recurrence_from),
				'recurrence_missed', jsonb_build_array(old.recurrence_missed, new.recurrence_missed),
				'recurrence_anchor', jsonb_build_array(old.recurrence_anchor, new.recurrence_anchor),
				'recurrence_day', jsonb_build_array(old.recurrence_day, new.recurrence_day),
				'series_id', jsonb_build_array(old.series_id, new.series_id)
			);
		end if;
		if new.completed_at is distinct from old.completed_at then
			fields := fields || jsonb_build_object('completed_at', jsonb_build_array(old.completed_at, new.completed_at));
		end if;
		-- The policies reject a change of the owner.
		if fields = '{}' and (new.owner_id, new.id, new.created_at) = (old.owner_id, old.id, old.created_at) then
			return null;
		end if;
	end if;

	if new.parent_id is not null and (tg_op = 'INSERT' or fields ?| '{list_id,parent_id}') and not todo.is_undoing() then
		perform todo.require_parent(new.owner_id, new.id, new.parent_id, new.list_id);
	end if;
	if tg_op = 'INSERT' then
		if new.list_id is not null and new.status <> 'Done' then
			perform todo.count_in_list(new.owner_id, new.list_id, 1);
		end if;
	elsif new.list_id is distinct from old.list_id or fields ? 'status' then
		if old.list_id is not null and old.status <> 'Done' then
			perform todo.count_in_list(old.owner_id, old.list_id, -1);
		end if;
		if new.list_id is not null and new.status <> 'Done' then
			perform todo.count_in_list(new.owner_id, new.list_id, 1);
		end if;
	end if;
	new.seq := todo.record_change(new.owner_id, 'task', new.id, kind, new.version, todo.current_change_set(), fields);
	return new;
end $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "todo"."delete_task"() RETURNS trigger LANGUAGE plpgsql AS $$
begin
	if old.list_id is not null and old.status <> 'Done' then
		perform todo.count_in_list(old.owner_id, old.list_id, -1);
	end if;
	perform todo.record_deletion(old.owner_id, 'task', old.id, old.version, jsonb_build_object(
		'id', old.id, 'owner_id', old.owner_id, 'title', old.title, 'description', old.description,
		'status', old.status, 'priority', old.priority, 'tags', old.tag_names,
		'list_id', old.list_id, 'parent_id', old.parent_id, 'position', old.position,
		'due_date', old.due_date, 'due_time', old.due_time, 'due_time_zone', old.due_time_zone, 'due_at', old.due_at,
		'recurrence_rule', old.recurrence_rule, 'recurrence_from', old.recurrence_from,
		'recurrence_missed', old.recurrence_missed, 'recurrence_anchor', old.recurrence_anchor,
		'recurrence_day', old.recurrence_day, 'series_id', old.series_id,
		'completed_at', old.completed_at, 'version', old.version,
		'created_at', old.created_at, 'updated_at', old.updated_at
	));
	delete from todo.task_words as indexed where indexed.owner_id = old.owner_id and indexed.task_id = old.id;
	return null;
end $$;
--> statement-breakpoint
-- Empties a list: its tasks move to the end of the inbox in their order, or to the trash. Subtasks follow their parents.
CREATE FUNCTION "todo"."empty_list"("owner" text, "emptied" uuid, "keeps_tasks" boolean) RETURNS void LANGUAGE plpgsql AS $$
declare
	none constant uuid := '00000000-0000-0000-0000-000000000000';
	-- The order is that of the index, because for PostgreSQL, others seem as good if most users have no lists.
	total constant integer := (
		select count(*) from (
			select from todo.tasks as task where task.owner_id = owner and task.list_key = emptied
			order by task.list_key, task.parent_key, task.position
		) as counted
	);
	moved uuid;
begin
	if total = 0 then
		return;
	end if;
	perform todo.reserve_numbers(owner, total, case when keeps_tasks then 0 else -total end);
	if not keeps_tasks then
		delete from todo.tasks as task where task.owner_id = owner and task.list_key = emptied and task.parent_key = none;
		return;
	end if;
	for moved in
		select task.id from todo.tasks as task
		where task.owner_id = owner and task.list_key = emptied and task.parent_key = none
		order by task.position, task.id
	loop
		update todo.tasks as task
		set list_id = null, position = todo.find_position(owner, moved, none, none, 'end', null, null)
		where task.owner_id = owner and task.id = moved;
	end loop;
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."empty_list"(text, uuid, boolean) TO "todo_user";
--> statement-breakpoint
DROP FUNCTION "todo"."record_task_change"(text, uuid, todo.change_kind, integer, uuid, jsonb);--> statement-breakpoint
-- Subtasks follow their parent into another list, and are completed with it. Their recurrence ends, or continues with the
-- next occurrence of the parent, into which the server has copied them.
CREATE FUNCTION "todo"."change_subtasks"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	is_moved constant boolean := new.list_id is distinct from old.list_id;
	is_completed constant boolean := new.status = 'Done' and old.status <> 'Done' and not todo.is_undoing();
begin
	if not (is_moved or is_completed)
		or not exists (select from todo.tasks as task where task.owner_id = new.owner_id and task.parent_id = new.id) then
		return null;
	end if;
	if is_moved then
		update todo.tasks as task set list_id = new.list_id where task.owner_id = new.owner_id and task.parent_id = new.id;
	end if;
	if is_completed then
		with recursive below as (
			select task.id, task.status from todo.tasks as task where task.owner_id = new.owner_id and task.parent_id = new.id
			union all
			select task.id, task.status from below join todo.tasks as task on task.owner_id = new.owner_id and task.parent_id = below.id
		)
		update todo.tasks as task set status = 'Done', recurrence_rule = null, recurrence_from = null, recurrence_missed = null,
			recurrence_anchor = null, recurrence_day = null
		where task.owner_id = new.owner_id and task.id in (select below.id from below where below.status <> 'Done');
	end if;
	return null;
end $$;
--> statement-breakpoint
CREATE TRIGGER "change_subtasks" AFTER UPDATE OF "list_id", "status" ON "todo"."tasks" FOR EACH ROW EXECUTE FUNCTION "todo"."change_subtasks"();--> statement-breakpoint
-- As before, but it looks at each tag once: a task that is deleted with its subtasks can have many assignments of one tag.
CREATE OR REPLACE FUNCTION "todo"."delete_unused_tags"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	unused record;
	task record;
begin
	if not exists (select from changed) then
		return null;
	end if;
	for unused in
		select removed.owner_id, removed.tag_id from (select distinct owner_id, tag_id from changed) as removed
		where (
			select true from todo.task_tags as assigned
			where assigned.owner_id = removed.owner_id and assigned.tag_id = removed.tag_id limit 1
		) is null
	loop
		delete from todo.tags where owner_id = unused.owner_id and id = unused.tag_id;
	end loop;
	for task in select distinct owner_id, task_id from changed loop
		perform todo.require_tag_names(task.owner_id, task.task_id);
	end loop;
	return null;
end $$;
--> statement-breakpoint
-- Gives a tag another name on every task. If another tag has the key of the name, the tag is merged into it.
CREATE FUNCTION "todo"."rename_tag"("owner" text, "old_key" text, "new_name" text, "new_key" text) RETURNS void LANGUAGE plpgsql AS $$
declare
	renamed constant todo.tags := (select tag from todo.tags as tag where tag.owner_id = owner and tag.key = old_key);
	target constant todo.tags := (
		select tag from todo.tags as tag where tag.owner_id = owner and tag.key = new_key and tag.id <> renamed.id
	);
	final constant text := coalesce(target.name, new_name);
	tasks_with_tag constant uuid[] := array(
		select assigned.task_id from todo.task_tags as assigned where assigned.owner_id = owner and assigned.tag_id = renamed.id
	);
begin
	if final = renamed.name then
		return;
	end if;
	perform todo.reserve_numbers(owner, cardinality(tasks_with_tag), 0);
	-- One statement, because triggers compare the tags of a task with their names after each one.
	with respelled as (
		update todo.tags as tag set name = new_name, key = new_key
		where tag.owner_id = owner and tag.id = renamed.id and target.id is null
	), assigned as (
		insert into todo.task_tags (owner_id, task_id, tag_id)
		select owner, task_id, target.id from unnest(tasks_with_tag) as task_id where target.id is not null
		on conflict do nothing
	), unassigned as (
		delete from todo.task_tags as assigned
		where assigned.owner_id = owner and assigned.tag_id = renamed.id and target.id is not null
	)
	update todo.tasks as task
	set tag_names = array(
		select distinct name collate "und-x-icu" as name from unnest(task.tag_names || final) as name
		where name <> renamed.name order by name
	)
	where task.owner_id = owner and task.id = any (tasks_with_tag);
	perform set_config('app.next_number', '', true);
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."rename_tag"(text, text, text, text) TO "todo_user";
