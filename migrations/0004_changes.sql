-- Numbers each user's changes, and adds the tables of deleted resources and of history. The history begins with this
-- migration. Existing tasks get numbers in the order of their last change.
--
-- Writes and reads wait until the migration commits. docs/operations.md says for how long.

-- In the order in which requests lock them, so that the migration and a running server cannot deadlock.
LOCK TABLE "todo"."idempotency_keys", "todo"."tasks" IN ACCESS EXCLUSIVE MODE;
--> statement-breakpoint
-- The policies also bind an owner who is no superuser. The migrator forces them again after each migration.
ALTER TABLE "todo"."tasks" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TYPE "todo"."change_kind" AS ENUM('Created', 'Updated', 'Deleted', 'Restored');--> statement-breakpoint
CREATE TABLE "todo"."changes" (
	"owner_id" text NOT NULL,
	"seq" bigint NOT NULL,
	"resource" text NOT NULL,
	"id" uuid NOT NULL,
	"kind" "todo"."change_kind" NOT NULL,
	"version" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"actor" text,
	"change_set" uuid NOT NULL,
	"fields" jsonb,
	CONSTRAINT "changes_owner_id_seq_pk" PRIMARY KEY("owner_id","seq")
);
--> statement-breakpoint
ALTER TABLE "todo"."changes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "todo"."deleted" (
	"owner_id" text NOT NULL,
	"resource" text NOT NULL,
	"id" uuid NOT NULL,
	"seq" bigint NOT NULL,
	"version" integer NOT NULL,
	"deleted_at" timestamp with time zone NOT NULL,
	"change_set" uuid NOT NULL,
	"content" jsonb,
	CONSTRAINT "deleted_owner_id_resource_id_pk" PRIMARY KEY("owner_id","resource","id"),
	CONSTRAINT "deleted_seq" UNIQUE("owner_id","seq")
);
--> statement-breakpoint
ALTER TABLE "todo"."deleted" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "todo"."heads" (
	"owner_id" text PRIMARY KEY NOT NULL,
	"epoch" uuid DEFAULT gen_random_uuid() NOT NULL,
	"seq" bigint DEFAULT 0 NOT NULL,
	"forgotten" bigint DEFAULT 0 NOT NULL
-- Updates are HOT as long as a page has room for them.
) WITH (fillfactor = 50);
--> statement-breakpoint
ALTER TABLE "todo"."heads" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "todo"."idempotency_keys" ALTER COLUMN "status" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "todo"."idempotency_keys" ADD COLUMN "request_id" text;--> statement-breakpoint
ALTER TABLE "todo"."idempotency_keys" ADD COLUMN "change_set" uuid;--> statement-breakpoint
ALTER TABLE "todo"."tasks" ADD COLUMN "seq" bigint;--> statement-breakpoint
UPDATE "todo"."tasks" AS task SET seq = numbered.seq
FROM (
	SELECT owner_id, id, row_number() OVER (PARTITION BY owner_id ORDER BY updated_at, id) AS seq FROM "todo"."tasks"
) AS numbered
WHERE task.owner_id = numbered.owner_id AND task.id = numbered.id;
--> statement-breakpoint
ALTER TABLE "todo"."tasks" ALTER COLUMN "seq" SET NOT NULL;--> statement-breakpoint
INSERT INTO "todo"."heads" (owner_id, seq) SELECT owner_id, max(seq) FROM "todo"."tasks" GROUP BY owner_id;--> statement-breakpoint
CREATE INDEX "changes_by_resource" ON "todo"."changes" USING btree ("owner_id","id","seq");--> statement-breakpoint
CREATE INDEX "changes_by_change_set" ON "todo"."changes" USING btree ("owner_id","change_set");--> statement-breakpoint
CREATE INDEX "changes_by_age" ON "todo"."changes" USING btree ("at");--> statement-breakpoint
CREATE INDEX "deleted_by_age" ON "todo"."deleted" USING btree ("deleted_at");--> statement-breakpoint
ALTER TABLE "todo"."tasks" ADD CONSTRAINT "tasks_seq" UNIQUE("owner_id","seq");--> statement-breakpoint
CREATE POLICY "owner_only" ON "todo"."changes" AS PERMISSIVE FOR ALL TO "todo_user" USING ("todo"."changes"."owner_id" = nullif(current_setting('app.user_id', true), '')) WITH CHECK ("todo"."changes"."owner_id" = nullif(current_setting('app.user_id', true), ''));--> statement-breakpoint
CREATE POLICY "owner_only" ON "todo"."deleted" AS PERMISSIVE FOR ALL TO "todo_user" USING ("todo"."deleted"."owner_id" = nullif(current_setting('app.user_id', true), '')) WITH CHECK ("todo"."deleted"."owner_id" = nullif(current_setting('app.user_id', true), ''));--> statement-breakpoint
CREATE POLICY "owner_only" ON "todo"."heads" AS PERMISSIVE FOR ALL TO "todo_user" USING ("todo"."heads"."owner_id" = nullif(current_setting('app.user_id', true), '')) WITH CHECK ("todo"."heads"."owner_id" = nullif(current_setting('app.user_id', true), ''));--> statement-breakpoint
-- Ends a write whose outcome is known to be a problem or a replay. The error undoes the transaction, and no later statement
-- of the pipeline runs. The server reads the reason from the error's constraint.
CREATE FUNCTION "todo"."stop_write"("reason" text) RETURNS boolean LANGUAGE plpgsql STRICT AS $$
begin
	raise exception 'the write was stopped: %', reason using errcode = 'TD001', constraint = reason;
end $$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION "todo"."stop_write"(text) TO "todo_user";
