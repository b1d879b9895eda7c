-- Adds the indexes of the trash, lets the janitor see what has expired, and bounds the changes of a user that are kept.

-- In the order in which requests lock them, so that the migration and a running server cannot deadlock.
LOCK TABLE "todo"."heads", "todo"."changes", "todo"."deleted" IN ACCESS EXCLUSIVE MODE;
--> statement-breakpoint
DROP INDEX "todo"."deleted_by_age";--> statement-breakpoint
CREATE INDEX "deleted_trash" ON "todo"."deleted" USING btree ("owner_id","seq") WHERE content is not null;--> statement-breakpoint
CREATE INDEX "deleted_trash_by_age" ON "todo"."deleted" USING btree ("deleted_at") WHERE content is not null;--> statement-breakpoint
CREATE INDEX "deleted_tombstones_by_age" ON "todo"."deleted" USING btree ("deleted_at") WHERE content is null;--> statement-breakpoint
CREATE POLICY "expired_only" ON "todo"."changes" AS PERMISSIVE FOR ALL TO "todo_janitor" USING (at < now() - make_interval(days => nullif(current_setting('app.history_days', true), '')::integer));--> statement-breakpoint
CREATE POLICY "expired_only" ON "todo"."deleted" AS PERMISSIVE FOR SELECT TO "todo_janitor" USING ((content is null and deleted_at < now() - interval '400 days') or (content is not null and deleted_at < now() - make_interval(days => nullif(current_setting('app.trash_days', true), '')::integer)));--> statement-breakpoint
-- Not the columns with texts of users.
GRANT SELECT ("owner_id", "seq", "at"), DELETE ON "todo"."changes" TO "todo_janitor";--> statement-breakpoint
GRANT SELECT ("owner_id", "deleted_at") ON "todo"."deleted" TO "todo_janitor";--> statement-breakpoint
-- Keeps the history and the trash of a user's last 100,000 changes. Numbers have no gaps, so they bound the number of rows.
-- It runs once per 1,000 changes, because most writes would remove nothing.
CREATE FUNCTION "todo"."forget_old_changes"() RETURNS trigger LANGUAGE plpgsql AS $$
begin
	delete from todo.changes where owner_id = new.owner_id and seq <= new.seq - 100000;
	update todo.deleted set content = null
	where owner_id = new.owner_id and seq <= new.seq - 100000 and content is not null;
	return null;
end $$;
--> statement-breakpoint
CREATE TRIGGER "forget_old_changes" AFTER UPDATE ON "todo"."heads" FOR EACH ROW WHEN (new.seq / 1000 > old.seq / 1000) EXECUTE FUNCTION "todo"."forget_old_changes"();
