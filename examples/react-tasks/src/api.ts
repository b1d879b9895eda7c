/** Connection to the API: the session of Better Auth, and the store of the signed-in user. */
import { createAuthClient } from 'better-auth/client';
import { jwtClient } from 'better-auth/client/plugins';
import { cachedToken, createTodoClient } from 'todo-api-client';
import { indexedDbStorage } from 'todo-api-client/indexed-db';
import { createOfflineStore, type OfflineStore } from 'todo-api-client/offline';

const url = document.querySelector<HTMLMetaElement>('meta[name=api-url]')?.content ?? '';
const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export const auth = createAuthClient({ baseURL: url, plugins: [jwtClient()] });

const client = createTodoClient({
  url,
  timeZone,
  getToken: cachedToken(async () => {
    const { data, error } = await auth.token();
    // A TypeError counts as a network failure, so the client tries again.
    if (error && error.status !== 401) throw new TypeError(`No token: ${error.message}`);
    return data?.token ?? null;
  }),
});

export function openStore(userId: string): Promise<OfflineStore> {
  return createOfflineStore({ client, userId, timeZone, storage: indexedDbStorage() });
}
