/** How `npm run migrations:generate` turns the table definitions into SQL. */
import { defineConfig } from 'drizzle-kit';

// biome-ignore lint/style/noDefaultExport: drizzle-kit looks for the default export.
export default defineConfig({
  dialect: 'postgresql',
  schema: ['./src/database/schema/definitions.ts', './src/*/table.ts', './src/auth/better-auth/tables.ts'],
  out: './migrations',
  entities: { roles: false },
});
