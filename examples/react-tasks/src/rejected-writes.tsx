/** Writes that the server has refused. The user corrects or discards each of them. */
import type { OfflineStore, Operation } from 'todo-api-client/offline';

interface Props {
  readonly store: OfflineStore;
  readonly operations: readonly Operation[];
}

export function RejectedWrites({ store, operations }: Props) {
  return operations.map(({ id, body, problem }) => {
    const { title } = JSON.parse(body ?? '{}');
    return (
      <form
        key={id}
        className="rejected"
        action={(form) => store.retry(id, title === undefined ? {} : { title: form.get('title') })}
      >
        <p role="alert">Not saved: {problem?.detail}</p>
        {title !== undefined && <input name="title" aria-label="Title" defaultValue={title} />}
        <button type="submit">Try again</button>
        <button type="button" onClick={() => store.dismiss(id)}>
          Discard
        </button>
      </form>
    );
  });
}
