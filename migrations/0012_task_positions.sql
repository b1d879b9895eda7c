-- Computes the position of a new task, and checks the position of a changed one, with less work.

-- The key after another one, as `position_between` returns it without `upper`, without validating the key. Most keys at the
-- end of a list are integers.
CREATE FUNCTION "todo"."position_after"("lower" text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
declare
	result text;
begin
	if char_length("lower") = todo.position_integer_length("lower") then
		result := todo.next_position_integer("lower");
	end if;
	return coalesce(result, todo.position_between("lower", null));
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."position_after"(text) TO "todo_user";
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
	new.completed_at := case when new.status = 'Done' then coalesce(new.completed_at, new.updated_at) end;
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
		new.position := todo.position_after((
			select task.position from todo.tasks as task
			where task.owner_id = new.owner_id and task.list_key = new.list_key and task.parent_key = new.parent_key
			order by task.position desc limit 1
		));
		if char_length(new.position) > 100 then
			new.position := todo.find_position(new.owner_id, new.id, new.list_key, new.parent_key, 'end', null, null);
		end if;
	elsif tg_op = 'INSERT' or new.position <> old.position then
		if not todo.is_position(new.position) then
			perform todo.violate('tasks', 'tasks_position');
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
