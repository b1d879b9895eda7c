/** Which route answers a path: one without parameters before those with some, and middleware always. */
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { StaticFirstRouter } from '../../src/http/static-first-router.ts';

describe.each(['first', 'last'])('with the path without parameters added %s', (order) => {
  const app = new Hono({ router: new StaticFirstRouter() });
  app.use(async (context, next) => {
    await next();
    context.header('X-Passed', 'yes');
  });
  const addStatic = () => app.post('/tasks/batch', (context) => context.text('batch'));
  if (order === 'first') addStatic();
  app.post('/tasks/:id', (context) => context.text(`task ${context.req.param('id')}`));
  if (order === 'last') addStatic();
  app.all('/tasks/batch', (context) => context.text('no such method', 405));
  app.get('/auth/*', (context) => context.text('auth'));

  test.each([
    ['POST', '/tasks/batch', 'batch'],
    ['POST', '/tasks/other', 'task other'],
    ['POST', '/tasks/batch%20', 'task batch '],
    ['PUT', '/tasks/batch', 'no such method'],
    ['GET', '/auth/sign-in', 'auth'],
    ['GET', '/nowhere', '404 Not Found'],
  ])('%s %s is answered by %s', async (method, path, text) => {
    const response = await app.request(path, { method });
    expect(await response.text()).toBe(text);
    expect(response.headers.get('x-passed')).toBe('yes');
  });
});
