/** Health checks: liveness and readiness. */
import { z } from 'zod';
import { jsonResponse } from '../http/response/json.ts';
import { defineRoute, implement, type Operation } from '../http/route.ts';
import { ProblemError } from '../problems/problem.ts';

const ok = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Health' });

const healthRoute = liveness('health', '/health');
const liveRoute = liveness('live', '/livez');

const readyRoute = defineRoute({
  id: 'ready',
  method: 'get',
  path: '/readyz',
  tag: 'Health',
  summary: 'Check readiness',
  token: 'none',
  request: {},
  responses: { 200: { description: 'The database responds.', schema: ok } },
  problems: ['database_unavailable'],
});

export const healthRoutes = [healthRoute, liveRoute, readyRoute];

/** The paths of all health checks. */
export const healthPaths = healthRoutes.map(({ path }) => path);

/** @param ping rejects while the database does not respond */
export function healthOperations(ping: () => Promise<void>): Operation[] {
  return [
    implement(healthRoute, () => jsonResponse({ status: 'ok' })),
    implement(liveRoute, () => jsonResponse({ status: 'ok' })),
    implement(readyRoute, async () => {
      try {
        await ping();
      } catch (error) {
        // Probes arrive every few seconds. The log line needs only the reason; with the cause it would contain a stack.
        const { code, message } = error as NodeJS.ErrnoException;
        throw new ProblemError('database_unavailable', { reason: code ?? message, headers: { 'Retry-After': '1' } });
      }
      return jsonResponse({ status: 'ok' });
    }),
  ];
}

function liveness(id: string, path: string) {
  return defineRoute({
    id,
    method: 'get',
    path,
    tag: 'Health',
    summary: 'Check liveness',
    token: 'none',
    request: {},
    responses: { 200: { description: 'The server responds. It does not query the database.', schema: ok } },
    problems: [],
  });
}
