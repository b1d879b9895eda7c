/** Statements of mutations: a replay can send each of them safely. */
import { expect, test } from 'vitest';
import { readStatement, writeStatement } from '../../src/resource/mutation-statement.ts';

test('a write statement has the predicate that is false in a replay', () => {
  const { text } = writeStatement('guarded', (notReplayed) => `delete from todo.tasks where ${notReplayed}`);
  expect(text).toContain("current_setting('app.write', true)");
  expect(() => writeStatement('unguarded', () => 'delete from todo.tasks')).toThrow('unguarded');
});

test('a read statement changes and locks no rows', () => {
  expect(readStatement('read', 'select id from todo.tasks').name).toBe('read');
  for (const text of [
    'delete from todo.tasks',
    'with gone as (delete from todo.tasks returning id) select id from gone',
    'select id from todo.tasks for update',
    'select id from todo.tasks for no key update',
  ]) {
    expect(() => readStatement('not a read', text), text).toThrow('not a read');
  }
});
