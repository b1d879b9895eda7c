-- Reads changed resources by a function. PostgreSQL prepares the statements of a function when it calls the function, so a
-- page without changes costs little more than a read of one task. A migration that adds a synchronized resource, or a
-- field of one, creates the function anew with its columns.

-- The resources and the removals that follow the positions, at most `max_rows` of each kind. The rows of different tables
-- have no common order. Columns that a kind does not have are null.
--
-- It is stable, so that it sees the same snapshot of the database as the statement that calls it. It is strict, so that
-- PostgreSQL does not call it without an owner.
CREATE FUNCTION "todo"."changes_after"("owner" text, "after" bigint, "removals_after" bigint, "max_rows" bigint, "max_bytes" integer) RETURNS TABLE (
	"op" text, "type" text, "seq" bigint, "bytes" integer,
	"id" uuid, "version" integer, "position" text, "created_at" timestamptz, "updated_at" timestamptz,
	"owner_id" text, "title" text, "description" text, "status" todo.task_status, "priority" todo.task_priority, "tags" text[],
	"list_id" uuid, "parent_id" uuid, "due_date" date, "due_time" time, "due_time_zone" text, "due_at" timestamptz,
	"recurrence_rule" text, "recurrence_from" todo.recurrence_from, "recurrence_missed" todo.recurrence_missed,
	"series_id" uuid, "completed_at" timestamptz,
	"name" text, "color" text, "archived" boolean, "task_count" integer
) LANGUAGE plpgsql STABLE STRICT AS $$
begin
	return query (
		select
			'put', 'task', tasks.seq, task_bytes.bytes,
			tasks.id, tasks.version, tasks.position, tasks.created_at, tasks.updated_at,
			tasks.owner_id, tasks.title, case when task_bytes.bytes <= max_bytes then tasks.description end, tasks.status, tasks.priority, tasks.tag_names,
			tasks.list_id, tasks.parent_id, tasks.due_date, tasks.due_time, tasks.due_time_zone, tasks.due_at,
			tasks.recurrence_rule, tasks.recurrence_from, tasks.recurrence_missed,
			tasks.series_id, tasks.completed_at,
			null, null, null::boolean, null::integer
		from todo.tasks
		cross join lateral (select octet_length(tasks.title) + coalesce(octet_length(tasks.description), 0)) as task_bytes (bytes)
		where tasks.owner_id = owner and tasks.seq > "after"
		order by tasks.seq limit max_rows
	) union all (
		select
			'put', 'list', lists.seq, octet_length(lists.name),
			lists.id, lists.version, lists.position, lists.created_at, lists.updated_at,
			null, null, null, null, null, null,
			null, null, null, null, null, null,
			null, null, null,
			null, null,
			lists.name, lists.color, lists.archived, lists.task_count
		from todo.lists
		where lists.owner_id = owner and lists.seq > "after"
		order by lists.seq limit max_rows
	) union all (
		select
			'remove', deleted.resource, deleted.seq, 0,
			deleted.id, deleted.version, null, null, null,
			null, null, null, null, null, null,
			null, null, null, null, null, null,
			null, null, null,
			null, null,
			null, null, null, null
		from todo.deleted
		where deleted.owner_id = owner and deleted.seq > removals_after
		order by deleted.seq limit max_rows
	);
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."changes_after"(text, bigint, bigint, bigint, integer) TO "todo_user";
