-- Adds API tokens, and lets the role todo_authenticator find the token that a request presents.

CREATE TABLE "todo_admin"."api_token_key" (
	"key" "bytea" NOT NULL
);
--> statement-breakpoint
-- 244 random bits: each of the two UUIDs has 122.
INSERT INTO "todo_admin"."api_token_key" VALUES (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
--> statement-breakpoint
CREATE TABLE "todo"."tokens" (
	"owner_id" text NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"scopes" text[] NOT NULL,
	"hash" "bytea" NOT NULL,
	"created_at" timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "tokens_owner_id_id_pk" PRIMARY KEY("owner_id","id")
);
--> statement-breakpoint
ALTER TABLE "todo"."tokens" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "tokens_by_id" ON "todo"."tokens" USING btree ("id");--> statement-breakpoint
CREATE INDEX "tokens_by_expiry" ON "todo"."tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE POLICY "owner_only" ON "todo"."tokens" AS PERMISSIVE FOR ALL TO "todo_user" USING ("todo"."tokens"."owner_id" = nullif(current_setting('app.user_id', true), '')) WITH CHECK ("todo"."tokens"."owner_id" = nullif(current_setting('app.user_id', true), ''));--> statement-breakpoint
CREATE POLICY "expired_only" ON "todo"."tokens" AS PERMISSIVE FOR ALL TO "todo_janitor" USING (expires_at < now() - interval '30 days');--> statement-breakpoint
CREATE POLICY "presented_only" ON "todo"."tokens" AS PERMISSIVE FOR ALL TO "todo_authenticator" USING (id = nullif(current_setting('app.token_id', true), '')::uuid and hash = decode(nullif(current_setting('app.token_hash', true), ''), 'hex'));--> statement-breakpoint
-- Neither names nor hashes.
GRANT SELECT ("owner_id", "id", "expires_at"), DELETE ON "todo"."tokens" TO "todo_janitor";--> statement-breakpoint
GRANT USAGE ON SCHEMA "todo" TO "todo_authenticator";--> statement-breakpoint
GRANT SELECT, UPDATE ("last_used_at") ON "todo"."tokens" TO "todo_authenticator";
