/** Traces with the OpenTelemetry SDK. Without an SDK, there are no traces, and one log line explains it. */
import { context, propagation, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { expect, onTestFinished, test } from 'vitest';
import { startApi } from '../support/api.ts';

const asked = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' };

/** Starts an SDK before the server, as a user would, and returns the ended spans. */
function startSdk(): () => ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  onTestFinished(() => {
    for (const api of [trace, context, propagation]) api.disable();
  });
  return () => exporter.getFinishedSpans();
}

const spanOf = (spans: readonly ReadableSpan[], name: string) =>
  spans.find((span) => span.name === name) ?? expect.fail(`${name} is not among ${spans.map((span) => span.name)}`);

test('a request has a span with the name of its route, and a child span per round trip', async () => {
  const spans = startSdk();
  const api = await startApi({ environment: asked });
  const ada = api.user('ada');
  const { headers } = await ada.post('/api/v1/tasks', { title: 'Buy milk' });
  const request = spanOf(spans(), 'POST /api/v1/tasks');
  expect(request.attributes).toEqual({
    'http.request.method': 'POST',
    'http.response.status_code': 201,
    'http.route': '/api/v1/tasks',
    'enduser.pseudo.id': expect.stringMatching(/^[0-9a-f]{12}$/),
    'todo_api.request_id': headers.get('x-request-id'),
  });
  const inside = spans().filter((span) => span.parentSpanContext?.spanId === request.spanContext().spanId);
  expect(inside).toHaveLength(1);
  expect(inside[0]?.attributes).toMatchObject({ 'db.system.name': 'postgresql', 'db.operation.batch.size': 3 });
});

test('it continues the trace of the caller', async () => {
  const spans = startSdk();
  const api = await startApi({ environment: asked });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  await api.user().get('/api/v1/me', { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
  expect(spanOf(spans(), 'GET /api/v1/me').spanContext().traceId).toBe(traceId);
});

test('they contain no content or ids of users, but the codes of problems', async () => {
  const spans = startSdk();
  const api = await startApi({ environment: asked });
  const ada = api.user('ada@example.com');
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'Buy milk' });
  await ada.patch(`/api/v1/tasks/${task.id}`, { title: 'Buy bread' });
  await ada.get('/api/v1/tasks?q=bread');
  await ada.get('/nothing/secret');
  await api.anonymous('Bearer not-to-be-seen').get('/api/v1/tasks');
  const all = spans();
  expect(all.find(({ attributes }) => attributes['error.type'] === 'token_invalid')?.name).toBe('GET /api/v1/tasks');
  expect(spanOf(all, 'GET').attributes).toMatchObject({ 'error.type': 'not_found', 'http.response.status_code': 404 });
  const text = JSON.stringify(
    all.map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
  );
  expect(text).not.toMatch(new RegExp(`${task.id}|ada@|bread|milk|secret|not-to-be-seen`));
});

test('a database error marks the spans', async () => {
  const spans = startSdk();
  const api = await startApi({ environment: asked });
  await api.database.query('alter table todo.tasks rename to elsewhere');
  expect((await api.user().get('/api/v1/tasks')).status).toBe(503);
  const failed = spans().filter(({ status }) => status.code === 2);
  expect(failed.map(({ attributes }) => attributes['error.type'])).toEqual(['42P01', 'database_unavailable']);
});

test('a replay marks no span', async () => {
  const spans = startSdk();
  const api = await startApi({ environment: asked });
  const ada = api.user();
  const create = () => ada.post('/api/v1/tasks', { title: 'Buy milk' }, { 'Idempotency-Key': 'k' });
  await create();
  expect((await create()).headers.get('idempotency-replayed')).toBe('true');
  expect(spans().filter(({ status }) => status.code === 2)).toEqual([]);
});

test('there are no traces unless a variable enables them', async () => {
  const spans = startSdk();
  const api = await startApi();
  await api.user().get('/api/v1/tasks');
  expect(spans()).toEqual([]);
});

test('the log explains the fix if a variable enables traces and no SDK is present', async () => {
  const api = await startApi({ environment: asked });
  expect((await api.user().get('/api/v1/me')).status).toBe(200);
  const warnings = api.log.filter(({ msg }) => /no OpenTelemetry SDK/.test(String(msg)));
  expect(warnings).toEqual([expect.objectContaining({ level: 40, msg: expect.stringContaining('npm install') })]);
});
