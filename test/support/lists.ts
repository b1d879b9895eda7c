/** Lists for tests of tasks. */
import type { Client, TestApi } from './api.ts';

/** Inserts a list of the user, and returns its id. */
export async function insertList({ database }: TestApi, { userId }: Client, name = 'Home'): Promise<string> {
  const id = crypto.randomUUID();
  await database.query('insert into todo.lists (owner_id, id, name) values ($1, $2, $3)', [userId, id, name]);
  return id;
}
