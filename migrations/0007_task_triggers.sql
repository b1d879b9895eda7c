-- Triggers complete, check, number and record the changes of tasks, instead of statements, generated columns and CHECK
-- constraints. PostgreSQL parses and plans each of those again for every write. Tasks keep the names of their tags.
--
-- Writes and reads wait until the migration commits. docs/operations.md says for how long.

-- In the order in which requests lock them, so that the migration and a running server cannot deadlock.
LOCK TABLE "todo"."idempotency_keys", "todo"."heads", "todo"."tasks", "todo"."tags", "todo"."task_tags", "todo"."task_words", "todo"."changes", "todo"."deleted", "todo"."usage" IN ACCESS EXCLUSIVE MODE;
--> statement-breakpoint
-- The policies also bind an owner who is no superuser. The migrator forces them again after each migration.
ALTER TABLE "todo"."tasks" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "todo"."tags" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "todo"."task_tags" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "todo"."heads" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "todo"."usage" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
DROP INDEX "todo"."tasks_by_due_descending";--> statement-breakpoint
ALTER TABLE "todo"."tasks"
	DROP CONSTRAINT "tasks_owner_id_length",
	DROP CONSTRAINT "tasks_title_length",
	DROP CONSTRAINT "tasks_description_length",
	DROP CONSTRAINT "tasks_completed_when_done",
	DROP CONSTRAINT "tasks_version_positive",
	DROP CONSTRAINT "tasks_updated_after_created",
	DROP CONSTRAINT "tasks_due_range",
	DROP CONSTRAINT "tasks_due_minutes",
	DROP CONSTRAINT "tasks_due_kind",
	DROP CONSTRAINT "tasks_due_at_range",
	ALTER COLUMN "status_rank" DROP EXPRESSION,
	ALTER COLUMN "priority_rank" DROP EXPRESSION,
	ALTER COLUMN "due_at" DROP EXPRESSION,
	ALTER COLUMN "due_order" DROP EXPRESSION,
	ALTER COLUMN "created_at" SET DEFAULT statement_timestamp(),
	ALTER COLUMN "updated_at" SET DEFAULT statement_timestamp(),
	ADD COLUMN "due_order_descending" timestamp DEFAULT '-infinity' NOT NULL,
	ADD COLUMN "tag_names" text[] DEFAULT '{}' NOT NULL;
--> statement-breakpoint
UPDATE "todo"."tasks" AS task SET
	due_order_descending = case when due_date is null then '-infinity' else due_order end,
	tag_names = array(
		SELECT tag.name FROM "todo"."task_tags" AS assigned
		JOIN "todo"."tags" AS tag ON tag.owner_id = assigned.owner_id AND tag.id = assigned.tag_id
		WHERE assigned.owner_id = task.owner_id AND assigned.task_id = task.id ORDER BY tag.name
	)
WHERE due_date IS NOT NULL OR EXISTS (
	SELECT FROM "todo"."task_tags" AS assigned WHERE assigned.owner_id = task.owner_id AND assigned.task_id = task.id
);
--> statement-breakpoint
-- The trigger computes them.
ALTER TABLE "todo"."tasks" ALTER COLUMN "due_order_descending" DROP DEFAULT;--> statement-breakpoint
CREATE INDEX "tasks_by_due_descending" ON "todo"."tasks" USING btree ("owner_id","due_order_descending","id");--> statement-breakpoint
-- The counts for the quotas move to the row that every write updates anyway.
ALTER TABLE "todo"."heads" ADD COLUMN "tasks" integer DEFAULT 0 NOT NULL, ADD COLUMN "tags" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
INSERT INTO "todo"."heads" (owner_id, tasks, tags)
SELECT owner_id, coalesce(sum(count) FILTER (WHERE resource = 'tasks'), 0), coalesce(sum(count) FILTER (WHERE resource = 'tags'), 0)
FROM "todo"."usage" GROUP BY owner_id
ON CONFLICT (owner_id) DO UPDATE SET tasks = excluded.tasks, tags = excluded.tags;
--> statement-breakpoint
DROP TRIGGER "count_inserted" ON "todo"."tasks";--> statement-breakpoint
DROP TRIGGER "count_deleted" ON "todo"."tasks";--> statement-breakpoint
DROP TRIGGER "count_inserted" ON "todo"."tags";--> statement-breakpoint
DROP TRIGGER "count_deleted" ON "todo"."tags";--> statement-breakpoint
DROP TRIGGER "forget_old_changes" ON "todo"."heads";--> statement-breakpoint
DROP FUNCTION "todo"."forget_old_changes"();--> statement-breakpoint
DROP FUNCTION "todo"."count_inserted_row"();--> statement-breakpoint
DROP FUNCTION "todo"."count_inserted_rows"();--> statement-breakpoint
DROP FUNCTION "todo"."count_deleted_rows"();--> statement-breakpoint
DROP FUNCTION "todo"."add_usage"(text, text, bigint);--> statement-breakpoint
DROP TABLE "todo"."usage";--> statement-breakpoint
-- Fails if a count is beyond its quota, the local setting `app.max_` with the name of the resource. Without it there is no
-- quota.
CREATE FUNCTION "todo"."require_quota"("resource" text, "count" integer) RETURNS void LANGUAGE plpgsql AS $$
begin
	if "count" > nullif(current_setting('app.max_' || resource, true), '')::integer then
		raise exception 'more % than the quota allows', resource
			using errcode = 'check_violation', constraint = resource || '_quota';
	end if;
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."require_quota"(text, integer) TO "todo_user";
--> statement-breakpoint
-- The change set of the current write: of the request, or of this statement if it belongs to no request.
CREATE FUNCTION "todo"."current_change_set"() RETURNS uuid LANGUAGE sql AS $$
	select coalesce(nullif(current_setting('app.change_set', true), '')::uuid, gen_random_uuid())
$$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."current_change_set"() TO "todo_user";
--> statement-breakpoint
-- Numbers a change of a task, counts the task, and records the change in the history. It keeps the lock of the user's head
-- until the write commits, so that numbers are in the order of the commits. Once per 1,000 changes, it forgets the history
-- and the trash before the user's last 100,000 changes.
CREATE FUNCTION "todo"."record_task_change"(
	"owner" text, "task_id" uuid, "kind" todo.change_kind, "version" integer, "change_set" uuid, "fields" jsonb
) RETURNS bigint LANGUAGE plpgsql AS $$
declare
	added constant integer := case kind when 'Updated' then 0 when 'Deleted' then -1 else 1 end;
	number bigint;
	total integer;
begin
	insert into todo.heads as head (owner_id, seq, tasks) values (owner, 1, added)
	on conflict (owner_id) do update set seq = head.seq + 1, tasks = head.tasks + added
	returning head.seq, head.tasks into number, total;
	if added > 0 then
		perform todo.require_quota('tasks', total);
	end if;
	insert into todo.changes (owner_id, seq, resource, id, kind, version, at, actor, change_set, fields)
	values (
		owner, number, 'task', task_id, kind, version, statement_timestamp(),
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
GRANT EXECUTE ON FUNCTION "todo"."record_task_change"(text, uuid, todo.change_kind, integer, uuid, jsonb) TO "todo_user";
--> statement-breakpoint
-- Computes the derived columns of a task, checks it, and numbers and records the change. An update that changes nothing does
-- nothing. The errors have the names of the constraints that they replace.
CREATE FUNCTION "todo"."write_task"() RETURNS trigger LANGUAGE plpgsql AS $$
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
	end;
	if violated is not null then
		raise exception 'the task violates the check constraint "%"', violated
			using errcode = 'check_violation', schema = 'todo', table = 'tasks', constraint = violated;
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
		if (new.due_date, new.due_time, new.due_time_zone) is distinct from (old.due_date, old.due_time, old.due_time_zone) then
			fields := fields || jsonb_build_object(
				'due_date', jsonb_build_array(old.due_date, new.due_date),
				'due_time', jsonb_build_array(old.due_time, new.due_time),
				'due_time_zone', jsonb_build_array(old.due_time_zone, new.due_time_zone)
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

	new.seq := todo.record_task_change(new.owner_id, new.id, kind, new.version, todo.current_change_set(), fields);
	return new;
end $$;
--> statement-breakpoint
CREATE TRIGGER "write_task" BEFORE INSERT OR UPDATE ON "todo"."tasks" FOR EACH ROW EXECUTE FUNCTION "todo"."write_task"();--> statement-breakpoint
-- Numbers and records the deletion of a task, and moves the task to the trash; without a trash, only a tombstone stays.
CREATE FUNCTION "todo"."delete_task"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	has_trash constant boolean := coalesce(current_setting('app.has_trash', true), '') <> 'false';
	change_set constant uuid := todo.current_change_set();
	number bigint;
begin
	number := todo.record_task_change(old.owner_id, old.id, 'Deleted', old.version + 1, change_set, null);
	insert into todo.deleted (owner_id, resource, id, seq, version, deleted_at, change_set, content)
	values (
		old.owner_id, 'task', old.id, number, old.version + 1, statement_timestamp(), change_set,
		case when has_trash then jsonb_build_object(
			'id', old.id, 'owner_id', old.owner_id, 'title', old.title, 'description', old.description,
			'status', old.status, 'priority', old.priority, 'tags', old.tag_names,
			'due_date', old.due_date, 'due_time', old.due_time, 'due_time_zone', old.due_time_zone, 'due_at', old.due_at,
			'completed_at', old.completed_at, 'version', old.version,
			'created_at', old.created_at, 'updated_at', old.updated_at
		) end
	);
	if not has_trash then
		delete from todo.changes as change
		where change.owner_id = old.owner_id and change.resource = 'task' and change.id = old.id;
	end if;
	delete from todo.task_words as indexed where indexed.owner_id = old.owner_id and indexed.task_id = old.id;
	return null;
end $$;
--> statement-breakpoint
CREATE TRIGGER "delete_task" AFTER DELETE ON "todo"."tasks" FOR EACH ROW EXECUTE FUNCTION "todo"."delete_task"();--> statement-breakpoint
-- The trigger `delete_task` deletes the words of a task. A foreign key would check each word.
ALTER TABLE "todo"."task_words" DROP CONSTRAINT "task_words_owner_id_task_id_tasks_owner_id_id_fk";--> statement-breakpoint
CREATE FUNCTION "todo"."count_inserted_tags"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	inserted record;
	total integer;
begin
	for inserted in select owner_id, count(*) as count from changed group by owner_id loop
		insert into todo.heads as head (owner_id, tags) values (inserted.owner_id, inserted.count)
		on conflict (owner_id) do update set tags = head.tags + excluded.tags
		returning head.tags into total;
		perform todo.require_quota('tags', total);
	end loop;
	return null;
end $$;
--> statement-breakpoint
CREATE FUNCTION "todo"."count_deleted_tags"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	deleted record;
begin
	for deleted in select owner_id, count(*) as count from changed group by owner_id loop
		update todo.heads as head set tags = head.tags - deleted.count where head.owner_id = deleted.owner_id;
	end loop;
	return null;
end $$;
--> statement-breakpoint
CREATE TRIGGER "count_inserted" AFTER INSERT ON "todo"."tags" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "todo"."count_inserted_tags"();--> statement-breakpoint
CREATE TRIGGER "count_deleted" AFTER DELETE ON "todo"."tags" REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "todo"."count_deleted_tags"();--> statement-breakpoint
-- Fails if a task keeps other names than those of its tags.
CREATE FUNCTION "todo"."require_tag_names"("owner" text, "task_id" uuid) RETURNS void LANGUAGE plpgsql AS $$
declare
	kept text[];
begin
	select task.tag_names into kept from todo.tasks as task where task.owner_id = owner and task.id = require_tag_names.task_id;
	if kept <> array(
		select tag.name from todo.task_tags as assigned
		join todo.tags as tag on tag.owner_id = assigned.owner_id and tag.id = assigned.tag_id
		where assigned.owner_id = owner and assigned.task_id = require_tag_names.task_id order by tag.name
	) then
		raise exception 'the task keeps other names than those of its tags'
			using errcode = 'check_violation', schema = 'todo', table = 'tasks', constraint = 'tasks_tag_names';
	end if;
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."require_tag_names"(text, uuid) TO "todo_user";
--> statement-breakpoint
CREATE FUNCTION "todo"."require_tag_names_of_task"() RETURNS trigger LANGUAGE plpgsql AS $$
begin
	if tg_op = 'UPDATE' or new.tag_names <> '{}' then
		perform todo.require_tag_names(new.owner_id, new.id);
	end if;
	return null;
end $$;
--> statement-breakpoint
CREATE FUNCTION "todo"."require_tag_names_of_assigned"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	assigned record;
begin
	for assigned in select distinct owner_id, task_id from changed loop
		perform todo.require_tag_names(assigned.owner_id, assigned.task_id);
	end loop;
	return null;
end $$;
--> statement-breakpoint
-- Most statements that delete assigned tags delete none, because a patch of tags adds some.
CREATE OR REPLACE FUNCTION "todo"."delete_unused_tags"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	unused record;
	task record;
begin
	if not exists (select from changed) then
		return null;
	end if;
	for unused in
		select distinct owner_id, tag_id from changed
		where (
			select true from todo.task_tags as assigned
			where assigned.owner_id = changed.owner_id and assigned.tag_id = changed.tag_id limit 1
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
CREATE TRIGGER "require_tag_names" AFTER INSERT OR UPDATE OF "tag_names" ON "todo"."tasks" FOR EACH ROW EXECUTE FUNCTION "todo"."require_tag_names_of_task"();--> statement-breakpoint
CREATE TRIGGER "require_tag_names" AFTER INSERT ON "todo"."task_tags" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "todo"."require_tag_names_of_assigned"();
