/** The tasks of the user, with the state of synchronization. */
import { useMemo, useSyncExternalStore } from 'react';
import type { OfflineStore } from 'todo-api-client/offline';
import { RejectedWrites } from './rejected-writes.tsx';
import { SignIn } from './sign-in.tsx';

interface Props {
  readonly store: OfflineStore;
  readonly onSignedIn: (userId: string) => void;
  readonly onSignOut: () => Promise<void>;
}

export function TaskPage({ store, onSignedIn, onSignOut }: Props) {
  const query = useMemo(() => store.tasks.query(), [store]);
  const tasks = useSyncExternalStore(query.subscribe, query.get);
  const status = useSyncExternalStore(store.subscribe, store.status);
  const { connection, failure, failureCode, pending, rejected } = status;

  // The task is stored and shown at once. The store sends it when the server is reachable.
  const add = async (form: FormData) => {
    await store.tasks.create({ title: String(form.get('title')) });
  };

  return (
    <>
      <h1>Tasks</h1>
      <p id="connection">
        {connection}, {pending} not sent {failure}
      </p>
      {failureCode?.startsWith('token_') && <SignIn onSignedIn={onSignedIn} />}
      <RejectedWrites store={store} operations={rejected} />
      <form id="add" action={add}>
        <input name="title" aria-label="New task" />
        <button type="submit">Add</button>
      </form>
      <ul id="tasks">
        {tasks.map(({ id, title, status }) => (
          <li key={id}>
            <label>
              <input
                type="checkbox"
                checked={status === 'Done'}
                onChange={({ target }) => store.tasks.update(id, { status: target.checked ? 'Done' : 'Todo' })}
              />
              {title}
            </label>
          </li>
        ))}
      </ul>
      {/* Signing out deletes the copy on this device, so it waits until the server has all writes. */}
      <button type="button" disabled={connection !== 'online' || pending > 0} onClick={onSignOut}>
        Sign out
      </button>
    </>
  );
}
