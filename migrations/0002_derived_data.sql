CREATE TABLE "todo_admin"."derived_data" (
	"name" text PRIMARY KEY NOT NULL,
	"version" integer NOT NULL,
	"target" integer,
	"position" text[]
);
--> statement-breakpoint
INSERT INTO "todo_admin"."derived_data" ("name", "version") VALUES ('task_words', 1), ('tag_keys', 1);
--> statement-breakpoint
ALTER TABLE "todo"."tags" ALTER COLUMN "key" DROP EXPRESSION;
--> statement-breakpoint
-- Servers of the version before give no key: they go on until they are replaced.
CREATE FUNCTION "todo"."set_tag_key"() RETURNS trigger LANGUAGE plpgsql AS $$
begin
	new.key := lower(new.name collate "und-x-icu");
	return new;
end $$;
--> statement-breakpoint
CREATE TRIGGER "set_tag_key" BEFORE INSERT ON "todo"."tags" FOR EACH ROW WHEN (new.key IS NULL) EXECUTE FUNCTION "todo"."set_tag_key"();
