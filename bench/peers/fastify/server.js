/** Tasks with Fastify and pg. */
import jwt from '@fastify/jwt';
import fastify from 'fastify';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const app = fastify();
await app.register(jwt, { secret: process.env.JWT_SECRET });
app.addHook('onRequest', (request) => request.jwtVerify());

const columns = 'owner, id, title, description, status, priority, version, created_at, updated_at';
const newestFirst = 'order by created_at desc, id desc';
const text = { type: 'string' };
const task = {
  type: 'object',
  properties: {
    ...{ owner: text, id: text, title: text, description: { type: ['string', 'null'] }, status: text, priority: text },
    ...{ version: { type: 'integer' }, created_at: text, updated_at: text },
  },
};
const status = { enum: ['Todo', 'InProgress', 'Done'] };
const params = { type: 'object', properties: { id: { type: 'string', format: 'uuid' } } };

const listSchema = {
  querystring: {
    type: 'object',
    properties: { limit: { type: 'integer', minimum: 1, maximum: 200, default: 100 }, status, q: text },
  },
  response: { 200: { type: 'array', items: task } },
};

app.get('/api/v1/tasks', { schema: listSchema }, async (request) => {
  const { limit, status, q } = request.query;
  const [name, condition, values] = q
    ? ['search', 'and (title ilike $3 or description ilike $3)', [`%${q}%`]]
    : status
      ? ['list by status', 'and status = $3', [status]]
      : ['list', '', []];
  const { rows } = await pool.query({
    name,
    text: `select ${columns} from plain.tasks where owner = $1 ${condition} ${newestFirst} limit $2`,
    values: [request.user.sub, limit, ...values],
  });
  return rows;
});

app.get('/api/v1/tasks/:id', { schema: { params, response: { 200: task } } }, async (request, reply) => {
  const { rows } = await pool.query({
    name: 'get',
    text: `select ${columns} from plain.tasks where owner = $1 and id = $2`,
    values: [request.user.sub, request.params.id],
  });
  return rows[0] ?? reply.code(404).send({ error: 'not found' });
});

const createSchema = {
  body: {
    type: 'object',
    required: ['title'],
    properties: { title: { type: 'string', minLength: 1, maxLength: 255 }, description: text },
  },
  response: { 201: task },
};

app.post('/api/v1/tasks', { schema: createSchema }, async (request, reply) => {
  const { title, description = null } = request.body;
  const { rows } = await pool.query({
    name: 'create',
    text: `insert into plain.tasks (owner, title, description) values ($1, $2, $3) returning ${columns}`,
    values: [request.user.sub, title, description],
  });
  return reply.code(201).send(rows[0]);
});

const patchSchema = {
  params,
  body: { type: 'object', required: ['status'], properties: { status } },
  response: { 200: task },
};

app.patch('/api/v1/tasks/:id', { schema: patchSchema }, async (request, reply) => {
  const { rows } = await pool.query({
    name: 'patch',
    text: `update plain.tasks set status = $3, version = version + 1, updated_at = now()
      where owner = $1 and id = $2 returning ${columns}`,
    values: [request.user.sub, request.params.id, request.body.status],
  });
  return rows[0] ?? reply.code(404).send({ error: 'not found' });
});

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
