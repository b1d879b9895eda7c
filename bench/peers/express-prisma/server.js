/** Tasks with Express and Prisma. */
import { PrismaPg } from '@prisma/adapter-pg';
import express from 'express';
import { expressjwt } from 'express-jwt';
import { PrismaClient } from './generated/index.js';

const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL, max: 10 });
const { task: tasks } = new PrismaClient({ adapter });

const app = express();
app.use(expressjwt({ secret: process.env.JWT_SECRET, algorithms: ['HS256'] }));
app.use(express.json());

app.get('/api/v1/tasks', async (request, response) => {
  const { limit = '100', status, q } = request.query;
  const contains = q && { contains: q, mode: 'insensitive' };
  const found = await tasks.findMany({
    where: {
      owner: request.auth.sub,
      ...(status && { status }),
      ...(q && { OR: [{ title: contains }, { description: contains }] }),
    },
    orderBy: [{ created_at: 'desc' }, { id: 'desc' }],
    take: Number(limit),
  });
  response.json(found);
});

app.get('/api/v1/tasks/:id', async (request, response) => {
  const found = await tasks.findUnique({ where: keyOf(request) });
  response.status(found ? 200 : 404).json(found);
});

app.post('/api/v1/tasks', async (request, response) => {
  const { title, description } = request.body;
  response.status(201).json(await tasks.create({ data: { owner: request.auth.sub, title, description } }));
});

app.patch('/api/v1/tasks/:id', async (request, response) => {
  const { status } = request.body;
  response.json(await tasks.update({ where: keyOf(request), data: { status, version: { increment: 1 } } }));
});

app.use((error, _request, response, _next) => {
  // P2025: the task to update does not exist.
  response.status(error.status ?? (error.code === 'P2025' ? 404 : 500)).json({ error: error.message });
});

app.listen(Number(process.env.PORT), '127.0.0.1');

function keyOf(request) {
  return { owner_id: { owner: request.auth.sub, id: request.params.id } };
}
