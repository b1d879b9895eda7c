/** The banner of `serve` on a terminal, with URLs that work. */
import { expect, test } from 'vitest';
import { banner } from '../../src/cli/banner.ts';
import { loadConfig } from '../../src/config/load.ts';

test.each([
  [{}, 3000, 'http://localhost:3000'],
  [{ PORT: '8080', HOST: '127.0.0.1' }, 8080, 'http://localhost:8080'],
  [{ PORT: '0' }, 41_234, 'http://localhost:41234'],
  [{ PUBLIC_URL: 'http://127.0.0.1:3000' }, 3000, 'http://127.0.0.1:3000'],
  [{ PUBLIC_URL: 'https://example.com/todo', PORT: '0' }, 41_234, 'https://example.com/todo'],
])('%j on port %i', (environment, port, url) => {
  const text = banner(loadConfig(environment), port);
  // A session cookie belongs to one host, so all URLs have the same one.
  const shown = [...text.matchAll(/https?:\/\/[^\s'"]+/g)].map(([found]) => found);
  expect(shown).toEqual(
    ['/api/v1/tasks', '/docs', '/api/auth/sign-up/email', '/api/auth/token'].map((path) => `${url}${path}`),
  );
});
