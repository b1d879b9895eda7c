/** The endpoints of a task, as the contract's section 5 has them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

describe('POST /api/v1/tasks', () => {
  test('creates a task with its defaults', async () => {
    const ada = api.user();
    const { status, headers, body } = await ada.post('/api/v1/tasks', { title: '  Buy milk ' });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      owner_id: ada.userId,
      title: 'Buy milk',
      description: null,
      status: 'Todo',
      priority: 'Medium',
      completed_at: null,
      version: 1,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      updated_at: body.created_at,
    });
    expect(headers.get('location')).toBe(`/api/v1/tasks/${body.id}`);
    expect(headers.get('etag')).toBe('"1"');
    expect(headers.get('cache-control')).toBe('no-store');
  });
});
