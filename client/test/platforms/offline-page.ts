/** The page of the test in a browser: it opens the store, and records each state that a user would see. */
import { createTodoClient } from '../../src/index.ts';
import { createOfflineStore, type StoragePlace } from '../../src/offline/index.ts';

interface Settings {
  readonly url: string;
  readonly token: string;
  readonly userId: string;
}

export async function openStore({ url, token, userId }: Settings, storage: StoragePlace): Promise<void> {
  const client = createTodoClient({ url, getToken: () => token });
  const store = await createOfflineStore({ client, userId, storage });
  const tasks = store.tasks.query();
  const states: string[][] = [];
  const record = () => states.push(tasks.get().map(({ title }) => title));
  record();
  store.subscribe(record);
  Object.assign(globalThis, { store, states });
}
