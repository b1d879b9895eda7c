/** Errors of a pipeline: when it rejects. */
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { Pipeline } from '../../src/database/pg/pipeline.ts';

/** A pipeline that was sent, and the error that it has rejected with. */
function sent() {
  const connection = Object.assign(new EventEmitter(), { stream: { write: () => true } });
  const rejected: (Error | null)[] = [];
  const pipeline = new Pipeline([], true, (error) => rejected.push(error));
  pipeline.submit(connection);
  return { connection, rejected, pipeline };
}

/** As PostgreSQL sends it, before it rolls back. */
const divisionByZero = () => Object.assign(new Error('division by zero'), { severity: 'ERROR', code: '22012' });

test.each(['readyForQuery', 'end'])(
  'an error of PostgreSQL rejects at the event %s, when the transaction has released its locks',
  (event) => {
    const { connection, rejected, pipeline } = sent();
    pipeline.handleError(divisionByZero(), connection);
    expect(rejected).toEqual([]);
    connection.emit(event);
    expect(rejected).toMatchObject([{ code: '22012', failedStatement: 0 }]);
    expect(connection.eventNames()).toEqual([]);
  },
);

test('a lost connection rejects immediately', () => {
  const { connection, rejected, pipeline } = sent();
  pipeline.handleError(new Error('Connection terminated unexpectedly'), connection);
  expect(rejected).toMatchObject([{ message: 'Connection terminated unexpectedly' }]);
});

test('a deadline rejects immediately, also after an error', () => {
  const { connection, rejected, pipeline } = sent();
  pipeline.handleError(divisionByZero(), connection);
  pipeline.expire();
  connection.emit('readyForQuery');
  expect(rejected).toMatchObject([{ message: 'Query read timeout' }]);
});
