/** Places on a device before the server has confirmed them, without a server. */
import { expect, test } from 'vitest';
import { byPosition } from '../src/offline/live-query.ts';
import { createOperation, type Operation, type OperationInput, type Resource } from '../src/offline/operation.ts';
import { operationRecord, Replica } from '../src/offline/replica.ts';
import { confirmOperation, rejectOperation } from '../src/offline/settle.ts';
import { View } from '../src/offline/view.ts';

type Fields = Readonly<Record<string, unknown>>;

const task = (id: string, position: string, fields: Fields = {}, version = 1): Resource => ({
  ...{ id, position, list_id: null, parent_id: null, title: id, updated_at: 'then' },
  ...fields,
  version,
});

const list = (id: string, position: string): Resource => ({ id, position, name: id, version: 1 });

/** A device with these resources, as the server has confirmed them. */
function deviceWith(type: 'task' | 'list', resources: readonly Resource[]) {
  const replica = new Replica();
  const view = new View(replica, 'ada');
  const commit = (changes: Parameters<Replica['apply']>[1]) =>
    view.update(replica.apply(replica.revision + 1, changes));
  const receive = (...received: readonly Resource[]) =>
    commit(received.map((resource) => [`resource/${type}/${resource.id}`, resource]));
  const write = (input: Pick<OperationInput, 'action' | 'resourceId' | 'fields'>): Operation => {
    const number = replica.nextNumber;
    const operation = createOperation({ id: `o${number}`, key: `k${number}`, number, type, at: 'now', ...input });
    commit([[operationRecord(operation), operation]]);
    return operation;
  };
  receive(...resources);
  return {
    view,
    receive,
    remove: (id: string) => commit([[`resource/${type}/${id}`, undefined]]),
    create: (id: string, fields: Fields = {}) =>
      write({ action: 'create', resourceId: id, fields: { title: id, ...fields } as never }),
    update: (id: string, fields: Fields) => write({ action: 'update', resourceId: id, fields: fields as never }),
    move: (id: string, place: Fields) => write({ action: 'move', resourceId: id, fields: place as never }),
    delete: (id: string) => write({ action: 'delete', resourceId: id }),
    confirm: (operation: Operation, resource: Resource) => commit(confirmOperation(replica, operation, resource)),
    reject: (operation: Operation) =>
      commit(rejectOperation(replica, operation, { status: 422, code: 'validation_failed', detail: '' })),
    /** The ids in manual order. */
    order: (fields: Fields = {}) =>
      (view.all(type) as (Resource & { readonly position: string })[])
        .filter((resource) => Object.entries(fields).every(([name, value]) => resource[name] === value))
        .sort(byPosition)
        .map(({ id }) => id)
        .join(' '),
  };
}

const abc = () => deviceWith('task', [task('a', 'a0'), task('b', 'a1'), task('c', 'a2')]);

test.each<[string, Fields, order: string]>([
  ['c', { to: 'start' }, 'c a b'],
  ['a', { to: 'end' }, 'b c a'],
  ['c', { before: 'a' }, 'c a b'],
  ['c', { before: 'b' }, 'a c b'],
  ['c', { after: 'a' }, 'a c b'],
  ['a', { after: 'c' }, 'b c a'],
  ['b', { after: 'a' }, 'a b c'],
])('%s moved to %o', (id, place, order) => {
  const device = abc();
  device.move(id, place);
  expect(device.order()).toBe(order);
  expect(device.view.get('task', id)).toMatchObject({ version: 1, updated_at: 'now' });
});

test('lists move, too, and get no fields of tasks', () => {
  const device = deviceWith('list', [list('a', 'a0'), list('b', 'a1'), list('c', 'a2')]);
  device.move('c', { after: 'a' });
  expect(device.order()).toBe('a c b');
  expect(Object.keys(device.view.get('list', 'c') ?? {}).sort()).toEqual(
    ['id', 'name', 'position', 'updated_at', 'version'].sort(),
  );
});

test('moves beside the same sibling, beside moved ones, and beside new ones are in the order of the writes', () => {
  const device = abc();
  device.create('x');
  device.create('y');
  device.move('c', { after: 'x' });
  device.move('b', { after: 'x' });
  device.move('a', { before: 'b' });
  device.create('z');
  expect(device.order()).toBe('x a b c y z');
  device.move('z', { to: 'start' });
  device.move('y', { to: 'start' });
  device.move('x', { to: 'end' });
  device.create('w');
  expect(device.order()).toBe('y z a b c x w');
});

test('a place stays when the sibling moves away or is deleted on this device', () => {
  const device = abc();
  device.move('c', { after: 'a' });
  device.move('a', { to: 'end' });
  expect(device.order()).toBe('c b a');
  device.move('c', { after: 'b' });
  device.delete('b');
  expect(device.order()).toBe('c a');
});

test('the place follows the sibling that another device moves, and siblings that arrive do not come in between', () => {
  const device = abc();
  device.move('c', { after: 'a' });
  device.receive(task('a', 'a5', {}, 2), task('d', 'a6'), task('e', 'a4'));
  expect(device.order()).toBe('b e a c d');
  device.receive(task('a', 'Zz', { list_id: 'shop' }, 3));
  expect(device.order({ list_id: 'shop' })).toBe('a c');
});

test('the place of a task whose sibling another device has deleted is the earlier one, until the server rejects the move', () => {
  const device = abc();
  const move = device.move('c', { before: 'b' });
  device.remove('b');
  expect(device.order()).toBe('a c');
  device.reject(move);
  expect(device.view.get('task', 'c')).toEqual(task('c', 'a2'));
});

test('a rejected move is taken back, also for siblings with the same position', () => {
  const device = deviceWith('task', [
    task('a', 'a0'),
    task('b', 'a0'),
    task('c', 'a0'),
    task('d', 'a1'),
    task('e', 'a2'),
  ]);
  const before = ['a', 'b', 'c', 'd', 'e'].map((id) => device.view.get('task', id));
  const move = device.move('e', { after: 'a' });
  expect(device.order()).toBe('a e b c d');
  expect(device.order()).toBe('a e b c d');
  device.move('d', { before: 'c' });
  expect(device.order()).toBe('a e b d c');
  device.reject(move);
  device.reject({ ...move, id: 'o2', key: 'k2' });
  expect(['a', 'b', 'c', 'd', 'e'].map((id) => device.view.get('task', id))).toEqual(before);
});

test('the response takes the place of the move', () => {
  const device = abc();
  const first = device.move('c', { after: 'a' });
  device.move('b', { before: 'c' });
  device.confirm(first, task('c', 'a0V', {}, 2));
  expect(device.order()).toBe('a b c');
  expect(device.view.get('task', 'c')).toMatchObject({ position: 'a0V', version: 2 });
});

test('subtasks follow their parent into another list, also between the response and the changes', () => {
  const device = deviceWith('task', [
    task('a', 'a0', { list_id: 'shop' }),
    task('b', 'a0'),
    task('b1', 'a0', { parent_id: 'b' }),
    task('b2', 'a0', { parent_id: 'b1' }),
  ]);
  const move = device.move('b', { after: 'a' });
  expect(device.order({ list_id: 'shop' })).toBe('a b1 b2 b');
  const followed = device.view.get('task', 'b2');
  device.receive(task('c', 'a1'));
  expect(device.view.get('task', 'b2')).toBe(followed);
  device.confirm(move, task('b', 'a1', { list_id: 'shop' }, 2));
  expect(device.order({ list_id: 'shop' })).toBe('a b1 b2 b');
});

test('subtasks return to the list with their parent when the move is rejected', () => {
  const device = deviceWith('task', [task('a', 'a0'), task('a1', 'a0', { parent_id: 'a' })]);
  const move = device.move('a', { list_id: 'shop', to: 'end' });
  expect(device.order({ list_id: 'shop' })).toBe('a1 a');
  device.reject(move);
  expect(device.order({ list_id: 'shop' })).toBe('');
});

test('a task that a patch moves into another list or below another parent is the last one there', () => {
  const device = deviceWith('task', [task('a', 'a0'), task('b', 'a5', { list_id: 'shop' }), task('c', 'a9')]);
  device.update('a', { list_id: 'shop' });
  expect(device.order({ list_id: 'shop' })).toBe('b a');
  device.update('c', { list_id: null, title: 'C' });
  expect(device.view.get('task', 'c')).toMatchObject({ position: 'a9' });
  device.update('c', { parent_id: 'a', position: 'a3' });
  expect(device.view.get('task', 'c')).toMatchObject({ position: 'a3', list_id: 'shop' });
});

test('tasks that are below each other, because of two devices, are still shown', () => {
  const device = deviceWith('task', [task('a', 'a0'), task('b', 'a1')]);
  device.move('a', { parent_id: 'b', to: 'end' });
  device.receive(task('b', 'a0', { parent_id: 'a' }, 2));
  expect(device.order()).toBe('b a');
});
