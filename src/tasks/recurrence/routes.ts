/** The route of recurrence previews. */
import { z } from 'zod';
import { defineRoute } from '../../http/route.ts';
import { supportedTimeZone } from '../due/due.ts';
import { recurrencePreview, recurrencePreviewRequest } from './schemas.ts';

export const previewRecurrenceRoute = defineRoute({
  id: 'previewRecurrence',
  method: 'post',
  path: '/api/v1/recurrence/preview',
  tag: 'Tasks',
  summary: 'Preview a recurrence',
  description:
    'Validates a recurrence and lists its next days. It stores nothing, so it needs no `Idempotency-Key`. Today is the day in the time zone of `due`, otherwise in `time_zone`.',
  token: 'tasks:read',
  request: {
    query: z.strictObject({
      time_zone: supportedTimeZone.default('UTC').meta({ description: 'The time zone of today, if `due` has none.' }),
    }),
    body: recurrencePreviewRequest,
  },
  responses: { 200: { description: 'The next days.', schema: recurrencePreview } },
  problems: [],
});
