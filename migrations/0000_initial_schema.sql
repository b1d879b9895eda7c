CREATE SCHEMA "todo_auth";
--> statement-breakpoint
CREATE SCHEMA "todo";
--> statement-breakpoint
CREATE TYPE "todo"."task_priority" AS ENUM('Low', 'Medium', 'High');--> statement-breakpoint
CREATE TYPE "todo"."task_status" AS ENUM('Todo', 'InProgress', 'Done');--> statement-breakpoint
CREATE TABLE "todo_admin"."rate_limits" (
	"key" text PRIMARY KEY NOT NULL,
	"window_ends" timestamp with time zone NOT NULL,
	"count" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "todo"."tags" (
	"owner_id" text NOT NULL,
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"name" text collate "und-x-icu" NOT NULL,
	"key" text collate "C" GENERATED ALWAYS AS (lower(name)) STORED NOT NULL,
	CONSTRAINT "tags_owner_id_id_pk" PRIMARY KEY("owner_id","id"),
	CONSTRAINT "tags_one_spelling" UNIQUE("owner_id","key"),
	CONSTRAINT "tags_name_length" CHECK (char_length("todo"."tags"."name") between 1 and 50)
);
--> statement-breakpoint
ALTER TABLE "todo"."tags" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "todo"."task_tags" (
	"owner_id" text NOT NULL,
	"task_id" uuid NOT NULL,
	"tag_id" uuid NOT NULL,
	CONSTRAINT "task_tags_owner_id_task_id_tag_id_pk" PRIMARY KEY("owner_id","task_id","tag_id")
);
--> statement-breakpoint
ALTER TABLE "todo"."task_tags" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "todo"."task_words" (
	"owner_id" text NOT NULL,
	"task_id" uuid NOT NULL,
	"word" text collate "C" NOT NULL,
	"in_title" boolean NOT NULL,
	CONSTRAINT "task_words_owner_id_task_id_word_in_title_pk" PRIMARY KEY("owner_id","task_id","word","in_title")
);
--> statement-breakpoint
ALTER TABLE "todo"."task_words" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "todo"."tasks" (
	"owner_id" text NOT NULL,
	"id" uuid NOT NULL,
	"title" text collate "und-x-icu" NOT NULL,
	"description" text,
	"status" "todo"."task_status" DEFAULT 'Todo' NOT NULL,
	"status_rank" smallint GENERATED ALWAYS AS (case status when 'Todo' then 0 when 'InProgress' then 1 when 'Done' then 2 end) STORED NOT NULL,
	"priority" "todo"."task_priority" DEFAULT 'Medium' NOT NULL,
	"priority_rank" smallint GENERATED ALWAYS AS (case priority when 'Low' then 0 when 'Medium' then 1 when 'High' then 2 end) STORED NOT NULL,
	"due_date" date,
	"due_time" time,
	"due_time_zone" text,
	"due_at" timestamp with time zone GENERATED ALWAYS AS (case when due_time_zone is not null then
    least(((due_date + due_time) at time zone due_time_zone), case when (((due_date + due_time) - ((((((due_date + due_time) at time zone due_time_zone) at time zone 'UTC') - interval '24 hours') at time zone 'UTC') at time zone due_time_zone - ((((due_date + due_time) at time zone due_time_zone) at time zone 'UTC') - interval '24 hours'))) at time zone 'UTC') at time zone due_time_zone = (due_date + due_time) then (((due_date + due_time) - ((((((due_date + due_time) at time zone due_time_zone) at time zone 'UTC') - interval '24 hours') at time zone 'UTC') at time zone due_time_zone - ((((due_date + due_time) at time zone due_time_zone) at time zone 'UTC') - interval '24 hours'))) at time zone 'UTC') end) end) STORED,
	"due_order" timestamp GENERATED ALWAYS AS (case
    when due_date is null then 'infinity'::timestamp
    when due_time is null then due_date::timestamp - interval '1 microsecond'
    else due_date + due_time end) STORED NOT NULL,
	"completed_at" timestamp with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tasks_owner_id_id_pk" PRIMARY KEY("owner_id","id"),
	CONSTRAINT "tasks_owner_id_length" CHECK (char_length("todo"."tasks"."owner_id") between 1 and 255),
	CONSTRAINT "tasks_title_length" CHECK (char_length("todo"."tasks"."title") between 1 and 255),
	CONSTRAINT "tasks_description_length" CHECK (char_length("todo"."tasks"."description") <= 10000),
	CONSTRAINT "tasks_completed_when_done" CHECK (("todo"."tasks"."status" = 'Done') = ("todo"."tasks"."completed_at" is not null)),
	CONSTRAINT "tasks_version_positive" CHECK ("todo"."tasks"."version" >= 1),
	CONSTRAINT "tasks_updated_after_created" CHECK ("todo"."tasks"."updated_at" >= "todo"."tasks"."created_at"),
	CONSTRAINT "tasks_due_range" CHECK ("todo"."tasks"."due_date" between '1900-01-01' and '9999-12-31'),
	CONSTRAINT "tasks_due_minutes" CHECK (extract(second from "todo"."tasks"."due_time") = 0 and "todo"."tasks"."due_time" < '24:00'),
	CONSTRAINT "tasks_due_kind" CHECK (("todo"."tasks"."due_time" is null or "todo"."tasks"."due_date" is not null) and ("todo"."tasks"."due_time_zone" is null or "todo"."tasks"."due_time" is not null)),
	CONSTRAINT "tasks_due_at_range" CHECK ("todo"."tasks"."due_at" < '10000-01-01T00:00:00Z')
);
--> statement-breakpoint
ALTER TABLE "todo"."tasks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "todo"."idempotency_keys" (
	"owner_id" text NOT NULL,
	"key" text NOT NULL,
	"fingerprint" "bytea" NOT NULL,
	"status" smallint NOT NULL,
	"content_type" text,
	"etag" text,
	"location" text,
	"body" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_owner_id_key_pk" PRIMARY KEY("owner_id","key"),
	CONSTRAINT "idempotency_keys_key" CHECK ("todo"."idempotency_keys"."key" ~ '^[!-~]{1,255}$')
);
--> statement-breakpoint
ALTER TABLE "todo"."idempotency_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "todo_auth"."account" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"user_id" text NOT NULL,
	"access_token" text,
	"refresh_token" text,
	"id_token" text,
	"access_token_expires_at" timestamp with time zone,
	"refresh_token_expires_at" timestamp with time zone,
	"scope" text,
	"password" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "todo_auth"."jwks" (
	"id" text PRIMARY KEY NOT NULL,
	"public_key" text NOT NULL,
	"private_key" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone,
	"alg" text,
	"crv" text
);
--> statement-breakpoint
CREATE TABLE "todo_auth"."session" (
	"id" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"token" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"user_id" text NOT NULL,
	CONSTRAINT "session_token_unique" UNIQUE("token")
);
--> statement-breakpoint
CREATE TABLE "todo_auth"."user" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean DEFAULT false NOT NULL,
	"image" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "user_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "todo_auth"."verification" (
	"id" text PRIMARY KEY NOT NULL,
	"identifier" text NOT NULL,
	"value" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "todo"."task_tags" ADD CONSTRAINT "task_tags_owner_id_task_id_tasks_owner_id_id_fk" FOREIGN KEY ("owner_id","task_id") REFERENCES "todo"."tasks"("owner_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "todo"."task_tags" ADD CONSTRAINT "task_tags_owner_id_tag_id_tags_owner_id_id_fk" FOREIGN KEY ("owner_id","tag_id") REFERENCES "todo"."tags"("owner_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "todo"."task_words" ADD CONSTRAINT "task_words_owner_id_task_id_tasks_owner_id_id_fk" FOREIGN KEY ("owner_id","task_id") REFERENCES "todo"."tasks"("owner_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "todo_auth"."account" ADD CONSTRAINT "account_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "todo_auth"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "todo_auth"."session" ADD CONSTRAINT "session_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "todo_auth"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "task_tags_by_tag" ON "todo"."task_tags" USING btree ("owner_id","tag_id","task_id");--> statement-breakpoint
CREATE INDEX "task_words_by_word" ON "todo"."task_words" USING btree ("owner_id","word","task_id");--> statement-breakpoint
CREATE INDEX "tasks_by_created_at" ON "todo"."tasks" USING btree ("owner_id","created_at","id");--> statement-breakpoint
CREATE INDEX "tasks_by_updated_at" ON "todo"."tasks" USING btree ("owner_id","updated_at","id");--> statement-breakpoint
CREATE INDEX "tasks_by_title" ON "todo"."tasks" USING btree ("owner_id","title","id");--> statement-breakpoint
CREATE INDEX "tasks_by_status" ON "todo"."tasks" USING btree ("owner_id","status_rank","id");--> statement-breakpoint
CREATE INDEX "tasks_by_priority" ON "todo"."tasks" USING btree ("owner_id","priority_rank","id");--> statement-breakpoint
CREATE INDEX "tasks_by_due" ON "todo"."tasks" USING btree ("owner_id","due_order","id");--> statement-breakpoint
CREATE INDEX "tasks_by_due_descending" ON "todo"."tasks" USING btree ("owner_id",(case when due_order = 'infinity'::timestamp then '-infinity'::timestamp else due_order end),"id");--> statement-breakpoint
CREATE INDEX "idempotency_keys_by_owner_and_age" ON "todo"."idempotency_keys" USING btree ("owner_id","created_at");--> statement-breakpoint
CREATE INDEX "idempotency_keys_by_age" ON "todo"."idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "account_by_user" ON "todo_auth"."account" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "session_by_user" ON "todo_auth"."session" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "verification_by_identifier" ON "todo_auth"."verification" USING btree ("identifier");--> statement-breakpoint
CREATE POLICY "owner_only" ON "todo"."tags" AS PERMISSIVE FOR ALL TO "todo_user" USING ("todo"."tags"."owner_id" = nullif(current_setting('app.user_id', true), '')) WITH CHECK ("todo"."tags"."owner_id" = nullif(current_setting('app.user_id', true), ''));--> statement-breakpoint
CREATE POLICY "owner_only" ON "todo"."task_tags" AS PERMISSIVE FOR ALL TO "todo_user" USING ("todo"."task_tags"."owner_id" = nullif(current_setting('app.user_id', true), '')) WITH CHECK ("todo"."task_tags"."owner_id" = nullif(current_setting('app.user_id', true), ''));--> statement-breakpoint
CREATE POLICY "owner_only" ON "todo"."task_words" AS PERMISSIVE FOR ALL TO "todo_user" USING ("todo"."task_words"."owner_id" = nullif(current_setting('app.user_id', true), '')) WITH CHECK ("todo"."task_words"."owner_id" = nullif(current_setting('app.user_id', true), ''));--> statement-breakpoint
CREATE POLICY "owner_only" ON "todo"."tasks" AS PERMISSIVE FOR ALL TO "todo_user" USING ("todo"."tasks"."owner_id" = nullif(current_setting('app.user_id', true), '')) WITH CHECK ("todo"."tasks"."owner_id" = nullif(current_setting('app.user_id', true), ''));--> statement-breakpoint
CREATE POLICY "owner_only" ON "todo"."idempotency_keys" AS PERMISSIVE FOR ALL TO "todo_user" USING ("todo"."idempotency_keys"."owner_id" = nullif(current_setting('app.user_id', true), '')) WITH CHECK ("todo"."idempotency_keys"."owner_id" = nullif(current_setting('app.user_id', true), ''));--> statement-breakpoint
CREATE POLICY "expired_only" ON "todo"."idempotency_keys" AS PERMISSIVE FOR ALL TO "todo_janitor" USING ("todo"."idempotency_keys"."created_at" < now() - interval '24 hours');