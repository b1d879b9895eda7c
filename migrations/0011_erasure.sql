-- Lets the server erase all rows of a user without recording the deletions: with the setting `app.erasing`, no trigger runs
-- when tasks, lists, tags and their assignments are deleted.

-- In the order in which requests lock them, so that the migration and a running server cannot deadlock.
LOCK TABLE "todo"."tasks", "todo"."lists", "todo"."tags", "todo"."task_tags" IN SHARE ROW EXCLUSIVE MODE;
--> statement-breakpoint
CREATE FUNCTION "todo"."is_erasing"() RETURNS boolean LANGUAGE sql STABLE AS $$
	select coalesce(current_setting('app.erasing', true), '') = 'true'
$$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."is_erasing"() TO "todo_user";
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "delete_task" AFTER DELETE ON "todo"."tasks" FOR EACH ROW WHEN (not todo.is_erasing()) EXECUTE FUNCTION "todo"."delete_task"();--> statement-breakpoint
CREATE OR REPLACE TRIGGER "delete_list" AFTER DELETE ON "todo"."lists" FOR EACH ROW WHEN (not todo.is_erasing()) EXECUTE FUNCTION "todo"."delete_list"();--> statement-breakpoint
CREATE OR REPLACE TRIGGER "count_deleted" AFTER DELETE ON "todo"."tags" REFERENCING OLD TABLE AS changed FOR EACH STATEMENT WHEN (not todo.is_erasing()) EXECUTE FUNCTION "todo"."count_deleted_tags"();--> statement-breakpoint
CREATE OR REPLACE TRIGGER "delete_unused_tags" AFTER DELETE ON "todo"."task_tags" REFERENCING OLD TABLE AS changed FOR EACH STATEMENT WHEN (not todo.is_erasing()) EXECUTE FUNCTION "todo"."delete_unused_tags"();
