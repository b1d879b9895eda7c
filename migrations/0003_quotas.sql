-- Counts each user's tasks and tags for the quotas, removes tags without tasks, and keeps running totals of the records
-- of idempotency keys.
--
-- Writes and reads wait until the migration commits. docs/operations.md says for how long.

-- In the order in which requests lock them, so that the migration and a running server cannot deadlock.
LOCK TABLE "todo"."idempotency_keys", "todo"."tasks", "todo"."tags", "todo"."task_tags" IN ACCESS EXCLUSIVE MODE;
--> statement-breakpoint
-- The policies also bind an owner who is no superuser. The migrator forces them again after each migration.
ALTER TABLE "todo"."idempotency_keys" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "todo"."tasks" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "todo"."tags" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "todo"."task_tags" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
DELETE FROM "todo"."tags" AS tag WHERE NOT EXISTS (
	SELECT FROM "todo"."task_tags" AS assigned WHERE assigned.owner_id = tag.owner_id AND assigned.tag_id = tag.id
);
--> statement-breakpoint
-- Updates of a count are HOT as long as a page has room for them.
CREATE TABLE "todo"."usage" (
	"owner_id" text NOT NULL,
	"resource" text NOT NULL,
	"count" integer NOT NULL,
	CONSTRAINT "usage_owner_id_resource_pk" PRIMARY KEY("owner_id","resource")
) WITH (fillfactor = 50);
--> statement-breakpoint
ALTER TABLE "todo"."usage" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "owner_only" ON "todo"."usage" AS PERMISSIVE FOR ALL TO "todo_user" USING ("todo"."usage"."owner_id" = nullif(current_setting('app.user_id', true), '')) WITH CHECK ("todo"."usage"."owner_id" = nullif(current_setting('app.user_id', true), ''));--> statement-breakpoint
INSERT INTO "todo"."usage" SELECT owner_id, 'tasks', count(*) FROM "todo"."tasks" GROUP BY owner_id;--> statement-breakpoint
INSERT INTO "todo"."usage" SELECT owner_id, 'tags', count(*) FROM "todo"."tags" GROUP BY owner_id;--> statement-breakpoint
-- Adds to a count, and fails beyond the quota. The quota is the local setting `app.max_` with the name of the table;
-- without it there is no quota.
CREATE FUNCTION "todo"."add_usage"("owner" text, "counted" text, "added" bigint) RETURNS integer LANGUAGE plpgsql AS $$
declare
	total integer;
begin
	insert into todo.usage (owner_id, resource, count) values (owner, counted, added)
	on conflict (owner_id, resource) do update set count = usage.count + excluded.count
	returning usage.count into total;
	if total > nullif(current_setting('app.max_' || counted, true), '')::integer then
		raise exception 'more % than the quota allows', counted
			using errcode = 'check_violation', constraint = counted || '_quota';
	end if;
	return total;
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."add_usage"(text, text, bigint) TO "todo_user";
--> statement-breakpoint
-- For tasks, which requests insert one by one: cheaper than a trigger per statement.
CREATE FUNCTION "todo"."count_inserted_row"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	total integer;
begin
	total := todo.add_usage(new.owner_id, tg_table_name, 1);
	return null;
end $$;
--> statement-breakpoint
CREATE FUNCTION "todo"."count_inserted_rows"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	inserted record;
	total integer;
begin
	for inserted in select owner_id, count(*) as count from changed group by owner_id loop
		total := todo.add_usage(inserted.owner_id, tg_table_name, inserted.count);
	end loop;
	return null;
end $$;
--> statement-breakpoint
CREATE FUNCTION "todo"."count_deleted_rows"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	deleted record;
begin
	for deleted in select owner_id, count(*) as count from changed group by owner_id loop
		update todo.usage set count = usage.count - deleted.count
		where owner_id = deleted.owner_id and resource = tg_table_name;
	end loop;
	return null;
end $$;
--> statement-breakpoint
CREATE TRIGGER "count_inserted" AFTER INSERT ON "todo"."tasks" FOR EACH ROW EXECUTE FUNCTION "todo"."count_inserted_row"();--> statement-breakpoint
CREATE TRIGGER "count_deleted" AFTER DELETE ON "todo"."tasks" REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "todo"."count_deleted_rows"();--> statement-breakpoint
CREATE TRIGGER "count_inserted" AFTER INSERT ON "todo"."tags" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "todo"."count_inserted_rows"();--> statement-breakpoint
CREATE TRIGGER "count_deleted" AFTER DELETE ON "todo"."tags" REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "todo"."count_deleted_rows"();--> statement-breakpoint
-- The subquery and the loop keep PostgreSQL from a plan that reads whole tables.
CREATE FUNCTION "todo"."delete_unused_tags"() RETURNS trigger LANGUAGE plpgsql AS $$
declare
	unused record;
begin
	for unused in
		select distinct owner_id, tag_id from changed
		where (
			select true from todo.task_tags as assigned
			where assigned.owner_id = changed.owner_id and assigned.tag_id = changed.tag_id limit 1
		) is null
	loop
		delete from todo.tags where owner_id = unused.owner_id and id = unused.tag_id;
	end loop;
	return null;
end $$;
--> statement-breakpoint
CREATE TRIGGER "delete_unused_tags" AFTER DELETE ON "todo"."task_tags" REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "todo"."delete_unused_tags"();--> statement-breakpoint
ALTER TABLE "todo"."idempotency_keys" ADD COLUMN "running_count" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "todo"."idempotency_keys" ADD COLUMN "running_bytes" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE "todo"."idempotency_keys" AS stored SET running_count = totals.number, running_bytes = totals.bytes
FROM (
	SELECT owner_id, key, row_number() OVER rows_so_far AS number, sum(coalesce(octet_length(body), 0)) OVER rows_so_far AS bytes
	FROM "todo"."idempotency_keys" WINDOW rows_so_far AS (PARTITION BY owner_id ORDER BY created_at, key ROWS UNBOUNDED PRECEDING)
) AS totals
WHERE stored.owner_id = totals.owner_id AND stored.key = totals.key;
--> statement-breakpoint
CREATE FUNCTION "todo"."add_to_running_totals"() RETURNS trigger LANGUAGE plpgsql AS $$
begin
	select running_count, running_bytes into new.running_count, new.running_bytes from todo.idempotency_keys
	where owner_id = new.owner_id order by created_at desc limit 1;
	new.running_count := coalesce(new.running_count, 0) + 1;
	new.running_bytes := coalesce(new.running_bytes, 0) + coalesce(octet_length(new.body), 0);
	return new;
end $$;
--> statement-breakpoint
CREATE TRIGGER "add_to_running_totals" BEFORE INSERT ON "todo"."idempotency_keys" FOR EACH ROW EXECUTE FUNCTION "todo"."add_to_running_totals"();
