-- Lets the role todo_watcher read the number of each user's last change, so that servers notice the changes of others.
GRANT USAGE ON SCHEMA "todo" TO "todo_watcher";--> statement-breakpoint
GRANT SELECT ("owner_id", "seq") ON "todo"."heads" TO "todo_watcher";--> statement-breakpoint
CREATE POLICY "watched" ON "todo"."heads" AS PERMISSIVE FOR SELECT TO "todo_watcher" USING (true);
