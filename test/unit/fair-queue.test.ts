/** Fair queue: the order of the flows, and the limits of each. */
import { expect, test } from 'vitest';
import {
  type Access,
  createFairQueue,
  type FairQueue,
  type Flow,
  OverloadedError,
  type Permit,
  type QueueLimits,
  sharedFlows,
} from '../../src/database/pg/fair-queue.ts';

const limits: QueueLimits = { permits: 1, permitsPerFlow: 1, permitsPerSharedFlow: 1, length: 100, lengthPerFlow: 100 };

/** A queue whose requests are recorded in the order in which they get a permit. */
function observed(overrides: Partial<QueueLimits> = {}) {
  const queue = createFairQueue({ ...limits, ...overrides });
  const served: string[] = [];
  const permits: Permit[] = [];
  const ask = async (flow: Flow, name = String(flow), access: Access = 'read') => {
    permits.push(await queue.acquire(flow, access, 60_000));
    served.push(name);
  };
  /** Returns the oldest permit, and waits until the next request has one. */
  const next = async () => {
    queue.release(permits.shift() as Permit);
    await new Promise(setImmediate);
  };
  return { queue, served, permits, ask, next };
}

async function drain({ queue, permits, next }: ReturnType<typeof observed>): Promise<void> {
  while (permits.length > 0) await next();
  expect(queue.waiting).toBe(0);
}

test('requests of one flow are served in the order of arrival', async () => {
  const all = observed();
  for (const name of ['1', '2', '3']) void all.ask('ada', name);
  expect(all.queue.waiting).toBe(2);
  await new Promise(setImmediate);
  await drain(all);
  expect(all.served).toEqual(['1', '2', '3']);
});

test('the flows that wait are served in turns, whatever the number of their requests', async () => {
  const all = observed();
  for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) void all.ask('ada', name);
  for (const name of ['b1', 'b2', 'b3']) void all.ask('bob', name);
  void all.ask('eve', 'e1');
  await new Promise(setImmediate);
  await drain(all);
  expect(all.served).toEqual(['a1', 'b1', 'e1', 'a2', 'b2', 'a3', 'b3', 'a4', 'a5']);
});

test('a flow that arrives waits for the request in progress, and not for the next request of a flow that waits', async () => {
  const all = observed();
  for (const name of ['a1', 'a2', 'a3', 'a4']) void all.ask('ada', name);
  await new Promise(setImmediate);
  await all.next();
  void all.ask('bob');
  await all.next();
  expect(all.served).toEqual(['a1', 'a2', 'bob']);
  await drain(all);
});

test('flows that send one request after the other do not delay a flow with many requests', async () => {
  const all = observed();
  for (const name of ['a1', 'a2', 'a3']) void all.ask('ada', name);
  void all.ask('bob');
  void all.ask('eve');
  await new Promise(setImmediate);
  // Each request of the light flows arrives when the one before has been served.
  for (let round = 0; round < 6; round += 1) {
    await all.next();
    const last = all.served.at(-1) as string;
    if (!last.startsWith('a')) void all.ask(last);
  }
  expect(all.served.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
  await drain(all);
});

test('a flow that was at its limit for many rounds does not catch up on them', async () => {
  const all = observed({ permits: 2 });
  for (const name of ['a1', 'a2', 'a3', 'a4']) void all.ask('ada', name);
  for (let count = 1; count <= 6; count += 1) void all.ask('bob', `b${count}`);
  void all.ask('eve', 'e1');
  await new Promise(setImmediate);
  const [long] = all.permits.splice(0, 1) as [Permit];
  for (let count = 0; count < 4; count += 1) await all.next();
  expect(all.served).toEqual(['a1', 'b1', 'e1', 'b2', 'b3', 'b4']);
  all.queue.release(long);
  await new Promise(setImmediate);
  await drain(all);
  expect(all.served.slice(6)).toEqual(['a2', 'b5', 'a3', 'b6', 'a4']);
});

test('a flow has a limited number of permits, also if others are free', async () => {
  const all = observed({ permits: 10, permitsPerFlow: 4 });
  for (let count = 1; count <= 6; count += 1) void all.ask('ada', `a${count}`);
  void all.ask('bob');
  await new Promise(setImmediate);
  expect(all.served).toEqual(['a1', 'a2', 'a3', 'a4', 'bob']);
  await all.next();
  expect(all.served.at(-1)).toBe('a5');
  await drain(all);
});

test('a flow that many clients share has a limit of its own', async () => {
  const all = observed({ permits: 10, permitsPerFlow: 1, permitsPerSharedFlow: 2 });
  for (let count = 1; count <= 3; count += 1) {
    void all.ask(sharedFlows.issuer, `i${count}`);
    void all.ask('ada', `a${count}`);
  }
  await new Promise(setImmediate);
  expect(all.served).toEqual(['i1', 'a1', 'i2']);
  await drain(all);
});

test('a flow has one write in progress; its reads overtake the writes that wait', async () => {
  const all = observed({ permits: 10, permitsPerFlow: 4 });
  for (const name of ['w1', 'w2', 'w3']) void all.ask('ada', name, 'write');
  void all.ask('ada', 'r1');
  void all.ask('bob', 'bob', 'write');
  await new Promise(setImmediate);
  expect(all.served).toEqual(['w1', 'r1', 'bob']);
  expect(all.queue.isWriting('ada')).toBe(true);
  await drain(all);
  expect(all.served).toEqual(['w1', 'r1', 'bob', 'w2', 'w3']);
  expect(all.queue.isWriting('ada')).toBe(false);
});

/** Fills the queue, whose permits others hold, and returns how each request ends. */
async function waitFor(queue: FairQueue, flow: string | symbol, requests: number): Promise<Promise<Permit>[]> {
  const waiting = Array.from({ length: requests }, async () => queue.acquire(flow, 'read', 60_000));
  for (const each of waiting) each.catch(() => {});
  return waiting;
}

test('a flow that fills its part of the queue is rejected, and others are not', async () => {
  const queue = createFairQueue({ ...limits, length: 6, lengthPerFlow: 3 });
  const permit = await queue.acquire('eve', 'read', 60_000);
  await waitFor(queue, 'ada', 3);
  await expect(queue.acquire('ada', 'read', 60_000)).rejects.toMatchObject({ isOwnExcess: true });
  await waitFor(queue, sharedFlows.issuer, 3);
  await expect(queue.acquire(sharedFlows.issuer, 'read', 60_000)).rejects.toMatchObject({ isOwnExcess: false });
  expect(queue.waiting).toBe(6);
  queue.release(permit);
});

test('in a full queue, the last request of the longest flow makes room; a flow that is as long is rejected', async () => {
  const queue = createFairQueue({ ...limits, length: 4 });
  const permit = await queue.acquire('eve', 'read', 60_000);
  const ofAda = await waitFor(queue, 'ada', 4);
  const ofBob = await waitFor(queue, 'bob', 2);
  await expect(ofAda[3]).rejects.toThrow(OverloadedError);
  await expect(ofAda[2]).rejects.toThrow(OverloadedError);
  for (const flow of ['ada', 'bob']) {
    await expect(queue.acquire(flow, 'read', 60_000)).rejects.toThrow('the queue is full');
  }
  expect(queue.waiting).toBe(4);
  queue.release(permit);
  for (const waiting of [ofAda[0], ofBob[0], ofAda[1], ofBob[1]]) queue.release(await (waiting as Promise<Permit>));
  expect(queue.waiting).toBe(0);
});

test('each request waits for its own limit; an expired request takes no permit', async () => {
  const queue = createFairQueue(limits);
  const permit = await queue.acquire('ada', 'write', 1_000);
  const patient = queue.acquire('ada', 'read', 60_000);
  await expect(queue.acquire('bob', 'read', 20)).rejects.toThrow('no connection was free for 20 ms');
  await expect(queue.acquire('ada', 'write', 20)).rejects.toThrow('no connection was free for 20 ms');
  expect(queue.waiting).toBe(1);
  queue.release(permit);
  queue.release(await patient);
  expect(queue.isWriting('ada')).toBe(false);
});
