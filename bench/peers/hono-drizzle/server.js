/** Tasks with Hono and Drizzle. */
import { serve } from '@hono/node-server';
import { and, desc, eq, ilike, or, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgSchema, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { Hono } from 'hono';
import { jwt } from 'hono/jwt';
import pg from 'pg';

const tasks = pgSchema('plain').table('tasks', {
  owner: text().notNull(),
  id: uuid().notNull().defaultRandom(),
  title: text().notNull(),
  description: text(),
  status: text().notNull().default('Todo'),
  priority: text().notNull().default('Medium'),
  version: integer().notNull().default(1),
  created_at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  updated_at: timestamp({ withTimezone: true }).notNull().defaultNow(),
});

const db = drizzle({ client: new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 }) });
const value = sql.placeholder;
const isOwned = eq(tasks.owner, value('owner'));
const isWanted = and(isOwned, eq(tasks.id, value('id')));

function listOf(name, condition) {
  return db
    .select()
    .from(tasks)
    .where(and(isOwned, condition))
    .orderBy(desc(tasks.created_at), desc(tasks.id))
    .limit(value('limit'))
    .prepare(name);
}

const list = listOf('list');
const listByStatus = listOf('list_by_status', eq(tasks.status, value('status')));
const search = listOf('search', or(ilike(tasks.title, value('pattern')), ilike(tasks.description, value('pattern'))));
const get = db.select().from(tasks).where(isWanted).prepare('get');
const create = db
  .insert(tasks)
  .values({ owner: value('owner'), title: value('title'), description: value('description') })
  .returning()
  .prepare('create');
const patch = db
  .update(tasks)
  .set({ status: value('status'), version: sql`${tasks.version} + 1`, updated_at: sql`now()` })
  .where(isWanted)
  .returning()
  .prepare('patch');

const app = new Hono();
app.use(jwt({ secret: process.env.JWT_SECRET, alg: 'HS256' }));

app.get('/api/v1/tasks', async (context) => {
  const { limit = '100', status, q } = context.req.query();
  const values = { owner: context.get('jwtPayload').sub, limit: Number(limit) };
  if (q) return context.json(await search.execute({ ...values, pattern: `%${q}%` }));
  return context.json(await (status ? listByStatus.execute({ ...values, status }) : list.execute(values)));
});

app.get('/api/v1/tasks/:id', async (context) => {
  const [task] = await get.execute({ owner: context.get('jwtPayload').sub, id: context.req.param('id') });
  return task ? context.json(task) : context.notFound();
});

app.post('/api/v1/tasks', async (context) => {
  const { title, description = null } = await context.req.json();
  const [task] = await create.execute({ owner: context.get('jwtPayload').sub, title, description });
  return context.json(task, 201);
});

app.patch('/api/v1/tasks/:id', async (context) => {
  const { status } = await context.req.json();
  const [task] = await patch.execute({
    owner: context.get('jwtPayload').sub,
    id: context.req.param('id'),
    status,
  });
  return task ? context.json(task) : context.notFound();
});

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT) });
