/** The replica after responses and changes that arrive in an unusual order. The simulation has found each of these cases. */
import { expect, test } from 'vitest';
import { createOperation, type Operation, type Resource } from '../src/offline/operation.ts';
import { type ChangesPage, DeltaPages, receiveDelta } from '../src/offline/receive.ts';
import { operationRecord, Replica } from '../src/offline/replica.ts';
import { confirmOperation } from '../src/offline/settle.ts';

const key = 'list/shop';

const shop = (version: number): Resource => ({ id: 'shop', version, name: 'Shop' });

const page = (changes: ChangesPage['changes'], cursor: string): ChangesPage => ({
  reset: false,
  changes,
  cursor,
  has_more: false,
});

/** A replica with the cursor `1` and one operation on a list. */
function replicaWith(action: Operation['action'], resources: readonly Resource[]) {
  const replica = new Replica();
  const operation = createOperation({
    ...{ id: 'o1', key: 'k1', number: 1, type: 'list', action, resourceId: 'shop', at: '2026-01-01T00:00:00.000Z' },
    ...(action !== 'delete' && { fields: { name: 'Food' } }),
  });
  replica.apply(1, [
    ['meta', { userId: 'ada', cursor: '1' }],
    ...resources.map((resource) => [`resource/list/${resource.id}`, resource] as const),
    [operationRecord(operation), operation],
  ]);
  const receive = (received: ChangesPage, requestedAt: number) => {
    const pages = new DeltaPages(replica.cursor);
    pages.add(received);
    replica.apply(replica.revision + 1, receiveDelta(replica, 'ada', pages.complete(requestedAt)));
  };
  const confirm = (resource: Resource | null) =>
    replica.apply(replica.revision + 1, confirmOperation(replica, operation, resource));
  return { replica, receive, confirm };
}

test('a deleted list stays hidden if a page from before the deletion brings it, and returns if it was restored', () => {
  const { replica, receive, confirm } = replicaWith('delete', []);
  // Another device has restored the list, and this one has deleted it again.
  const requestedBefore = replica.revision;
  confirm(null);
  receive(page([{ type: 'list', op: 'put', list: shop(3) }], '2'), requestedBefore);
  expect(replica.confirmed(key)).toBeUndefined();
  receive(page([{ type: 'list', op: 'put', list: shop(5) }], '3'), replica.revision);
  expect(replica.confirmed(key)).toEqual(shop(5));
});

test('a repeated response does not bring a removed list back', () => {
  const { replica, receive, confirm } = replicaWith('update', [shop(1)]);
  receive(page([{ type: 'list', op: 'remove', id: 'shop', version: 3 }], '2'), replica.revision);
  confirm(shop(2));
  expect(replica.confirmed(key)).toBeUndefined();
  expect(replica.queue).toEqual([]);
});

test('a response that is newer than a page stays, and ends with a page that contains it', () => {
  const { replica, receive, confirm } = replicaWith('update', [shop(1)]);
  const requestedBefore = replica.revision;
  confirm(shop(3));
  receive(page([{ type: 'list', op: 'put', list: shop(2) }], '2'), requestedBefore);
  expect(replica.confirmed(key)).toEqual(shop(3));
  receive(page([{ type: 'list', op: 'put', list: shop(3) }], '3'), requestedBefore);
  expect(replica.answers.size).toBe(0);
  expect(replica.confirmed(key)).toEqual(shop(3));
});

test('changes that have the resource of a creation prove that it was executed', () => {
  const { replica, receive, confirm } = replicaWith('create', []);
  receive(page([{ type: 'list', op: 'put', list: shop(1) }], '2'), replica.revision);
  expect(replica.queue).toEqual([]);
  receive(page([{ type: 'list', op: 'remove', id: 'shop', version: 2 }], '3'), replica.revision);
  confirm(shop(1));
  expect(replica.confirmed(key)).toBeUndefined();
});

test('a delta that does not continue the replica changes nothing', () => {
  const { replica } = replicaWith('update', [shop(1)]);
  const pages = new DeltaPages('0');
  pages.add(page([{ type: 'list', op: 'put', list: shop(2) }], '1'));
  expect(receiveDelta(replica, 'ada', pages.complete(replica.revision))).toEqual([]);
});
