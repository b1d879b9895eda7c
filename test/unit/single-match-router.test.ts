/** Route precedence: static paths before paths with parameters, specific methods before all methods. */
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { SingleMatchRouter } from '../../src/http/router/single-match-router.ts';

describe.each(['first', 'last'])('with the static path added %s', (order) => {
  const app = new Hono({ router: new SingleMatchRouter() });
  const addStatic = () => {
    app.all('/tasks/batch', (context) => context.text('no such method of batch', 405));
    app.post('/tasks/batch', (context) => context.text('batch'));
  };
  if (order === 'first') addStatic();
  app.post('/tasks/:id', (context) => context.text(`task ${context.req.param('id')}`));
  app.get('/tasks/:id', (context) => context.text(`task ${context.req.param('id')}`));
  app.all('/tasks/:id', (context) => context.text('no such method of a task', 405));
  if (order === 'last') addStatic();

  test.each([
    ['POST', '/tasks/batch', 'batch'],
    ['POST', '/tasks/other', 'task other'],
    ['POST', '/tasks/batch%20', 'task batch '],
    ['GET', '/tasks/batch', 'no such method of batch'],
    ['PROPFIND', '/tasks/other', 'no such method of a task'],
    ['GET', '/nowhere', '404 Not Found'],
  ])('%s %s is handled by %s', async (method, path, text) => {
    expect(await (await app.request(path, { method })).text()).toBe(text);
  });
});
