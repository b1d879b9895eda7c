CREATE SCHEMA "todo_auth";
--> statement-breakpoint
CREATE SCHEMA "todo";
--> statement-breakpoint
CREATE TYPE "todo"."task_priority" AS ENUM('Low', 'Medium', 'High');--> statement-breakpoint
CREATE TYPE "todo"."task_status" AS ENUM('Todo', 'InProgress', 'Done');--> statement-breakpoint
CREATE TABLE "todo"."tasks" (
	"owner_id" text NOT NULL,
	"id" uuid NOT NULL,
	"title" text NOT NULL,
	"description" text,
	"status" "todo"."task_status" DEFAULT 'Todo' NOT NULL,
	"priority" "todo"."task_priority" DEFAULT 'Medium' NOT NULL,
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
	CONSTRAINT "tasks_updated_after_created" CHECK ("todo"."tasks"."updated_at" >= "todo"."tasks"."created_at")
);
--> statement-breakpoint
ALTER TABLE "todo"."tasks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
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
ALTER TABLE "todo_auth"."account" ADD CONSTRAINT "account_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "todo_auth"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "todo_auth"."session" ADD CONSTRAINT "session_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "todo_auth"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "tasks_by_created_at" ON "todo"."tasks" USING btree ("owner_id","created_at","id");--> statement-breakpoint
CREATE INDEX "tasks_by_updated_at" ON "todo"."tasks" USING btree ("owner_id","updated_at","id");--> statement-breakpoint
CREATE INDEX "account_by_user" ON "todo_auth"."account" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "session_by_user" ON "todo_auth"."session" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "verification_by_identifier" ON "todo_auth"."verification" USING btree ("identifier");--> statement-breakpoint
CREATE POLICY "owner_only" ON "todo"."tasks" AS PERMISSIVE FOR ALL TO "todo_user" USING ("todo"."tasks"."owner_id" = nullif(current_setting('app.user_id', true), '')) WITH CHECK ("todo"."tasks"."owner_id" = nullif(current_setting('app.user_id', true), ''));