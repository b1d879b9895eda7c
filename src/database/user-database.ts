/** The only way to users' data: statements that run as the user they are for. */
import type pg from 'pg';
import type { Principal } from '../auth/principal.ts';
import { ProblemError } from '../problems/problem.ts';
import { databaseProblem, errorCode, isRetryable, leavesConnectionUsable } from './errors.ts';
import { Exchange } from './exchange.ts';
import type { BoundStatement, Row } from './statement.ts';

export interface UserDatabase {
  /**
   * Runs statements as the user, in order, all or nothing, in one round trip.
   *
   * @returns the rows of each statement
   * @throws ProblemError database_unavailable, timeout or internal_error; a pg.DatabaseError where values were
   *   refused (SQLSTATE classes 22 and 23), for the caller to make sense of
   */
  run(principal: Principal, statements: readonly BoundStatement[]): Promise<Row[][]>;
}

const attempts = 3;

/**
 * @param isReady whether the schema is in place and guarded; nothing runs before
 */
export function createUserDatabase(pool: pg.Pool, prepare: boolean, isReady: () => boolean): UserDatabase {
  return {
    async run(principal, statements) {
      if (!isReady()) {
        throw new ProblemError('database_unavailable', { reason: 'not ready', headers: { 'Retry-After': '1' } });
      }
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await exchange(pool, principal.userId, statements, prepare);
        } catch (error) {
          if (isRetryable(error) && attempt < attempts) continue;
          throw isRefusedValue(error) ? error : databaseProblem(error);
        }
      }
    },
  };
}

/**
 * One exchange on a connection of the pool.
 *
 * @param userId whose rows are seen; null for nobody's
 */
export async function exchange(
  pool: pg.Pool,
  userId: string | null,
  statements: readonly BoundStatement[],
  prepare: boolean,
): Promise<Row[][]> {
  const client = await pool.connect();
  let failure: unknown;
  try {
    return await new Promise<Row[][]>((resolve, reject) => {
      client.query(
        new Exchange(userId, statements, prepare, (error, results) => {
          if (error) reject(error);
          else resolve(results ?? []);
        }) as unknown as pg.Submittable,
      );
    });
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    // What a connection is up to after a timeout or a cut is not known: it must not serve anybody else.
    client.release(failure !== undefined && !leavesConnectionUsable(failure));
  }
}

/** data_exception and integrity_constraint_violation. */
function isRefusedValue(error: unknown): boolean {
  return /^2[23]/.test(errorCode(error) ?? '');
}
