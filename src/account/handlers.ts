/** The handlers of the operations on everything that the server stores about a user. */
import type { OpenStreams } from '../changes/events/open-streams.ts';
import { selectHead } from '../changes/statements.ts';
import type { RequestContext } from '../http/request-context.ts';
import { implement, type Operation } from '../http/route.ts';
import { executeWrite, type WriteContext } from '../idempotency/execute-write.ts';
import type { Principal } from '../principal.ts';
import { newChangeSet } from '../resource/change.ts';
import type { EraseUser } from './erasure.ts';
import { exportBody } from './export/body.ts';
import { exportPieces } from './export/lines.ts';
import { parseLines, splitLines } from './import/lines.ts';
import { importMutation } from './import/mutation.ts';
import { eraseMeRoute, exportRoute, importRoute } from './routes.ts';

export interface AccountServices {
  readonly writes: WriteContext;
  readonly eraseUser: EraseUser;
  readonly openExports: OpenStreams;
  /** Calls `onRevoked` if the principal’s API token is revoked, until the returned function is called. */
  readonly watchToken: (principal: Principal, onRevoked: () => void) => () => void;
  /** Called with the error of an export whose response had begun. */
  readonly onExportError: (context: RequestContext, error: unknown) => void;
}

const headers = {
  'Content-Type': 'application/x-ndjson',
  'Content-Disposition': 'attachment; filename="todo-export.ndjson"',
};

export function accountOperations(services: AccountServices): Operation[] {
  const { writes, eraseUser, openExports, watchToken, onExportError } = services;
  const { database } = writes;
  return [
    implement(eraseMeRoute, async (_input, context) => {
      await eraseUser(context.get('principal').userId);
      return new Response(null, { status: 204 });
    }),

    implement(importRoute, ({ query, headers: sent }, context) => {
      const lines = parseLines(splitLines(context.get('body')));
      const mutation = importMutation(newChangeSet(context), lines, query.deleted);
      return executeWrite(writes, context, mutation, sent['idempotency-key'], (result) => ({
        status: 200,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(result),
      }));
    }),

    implement(exportRoute, async (_input, context) => {
      const principal = context.get('principal');
      if (context.req.method === 'HEAD') return new Response(null, { headers });
      // An export that has begun does not end with the validity of its token, because a cut one is of no use.
      const stream = openExports.open(principal.userId, Number.POSITIVE_INFINITY);
      const unwatch = watchToken(principal, () => stream.end('token_revoked'));
      try {
        const [[head]] = await database.run(principal, [selectHead(principal.userId)] as const, 'repeat');
        const body = exportBody(
          exportPieces({ database, principal }, head),
          stream,
          (failBody) => context.env.cutResponse(failBody),
          (error) => {
            unwatch();
            if (error) onExportError(context, error);
          },
        );
        return new Response(body, { headers });
      } catch (error) {
        unwatch();
        stream.close();
        throw error;
      }
    }),
  ];
}
