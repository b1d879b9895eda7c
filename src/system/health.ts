/** Whether the server lives, and whether it can serve. */
import { z } from 'zod';
import { jsonResponse } from '../http/response/json.ts';
import { defineRoute, implement, type Operation } from '../http/route.ts';
import { ProblemError } from '../problems/problem.ts';

const ok = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Health' });

/** @param ping rejects while the database does not answer */
export function healthOperations(ping: () => Promise<void>): Operation[] {
  return [
    implement(healthRoute('health', '/health'), () => jsonResponse({ status: 'ok' })),
    implement(healthRoute('live', '/livez'), () => jsonResponse({ status: 'ok' })),
    implement(
      defineRoute({
        id: 'ready',
        method: 'get',
        path: '/readyz',
        tag: 'Health',
        summary: 'Can it serve?',
        token: 'none',
        request: {},
        responses: { 200: { description: 'The database answers.', schema: ok } },
        problems: ['database_unavailable'],
      }),
      async () => {
        try {
          await ping();
        } catch (error) {
          // Probes come every few seconds. The reason is enough for the log; the cause would bring a stack.
          const { code, message } = error as NodeJS.ErrnoException;
          throw new ProblemError('database_unavailable', { reason: code ?? message, headers: { 'Retry-After': '1' } });
        }
        return jsonResponse({ status: 'ok' });
      },
    ),
  ];
}

function healthRoute(id: string, path: string) {
  return defineRoute({
    id,
    method: 'get',
    path,
    tag: 'Health',
    summary: 'Is it there?',
    token: 'none',
    request: {},
    responses: { 200: { description: 'The server answers; it does not ask the database.', schema: ok } },
    problems: [],
  });
}
