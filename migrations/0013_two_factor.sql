CREATE TABLE "todo_auth"."two_factor" (
	"id" text PRIMARY KEY NOT NULL,
	"secret" text NOT NULL,
	"backup_codes" text NOT NULL,
	"user_id" text NOT NULL,
	"verified" boolean DEFAULT true,
	"failed_verification_count" integer DEFAULT 0,
	"locked_until" timestamp with time zone,
	"last_used_step" integer
);
--> statement-breakpoint
ALTER TABLE "todo_auth"."user" ADD COLUMN "two_factor_enabled" boolean DEFAULT false;--> statement-breakpoint
ALTER TABLE "todo_auth"."two_factor" ADD CONSTRAINT "two_factor_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "todo_auth"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "two_factor_by_secret" ON "todo_auth"."two_factor" USING btree ("secret");--> statement-breakpoint
CREATE INDEX "two_factor_by_user" ON "todo_auth"."two_factor" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "verification_by_value" ON "todo_auth"."verification" USING hash ("value");