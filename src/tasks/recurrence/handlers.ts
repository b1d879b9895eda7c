/** The handlers of recurrences. A preview needs no database. */
import { jsonResponse } from '../../http/response/json.ts';
import { implement, type Operation } from '../../http/route.ts';
import type { WriteContext } from '../../idempotency/execute-write.ts';
import { executePlannedWrite } from '../../idempotency/planned-write.ts';
import { ProblemError } from '../../problems/problem.ts';
import { newChangeSet } from '../../resource/change.ts';
import { allowedVersions } from '../../resource/preconditions.ts';
import { localDateTimeAt } from '../due/calendar.ts';
import { taskResponse } from '../responses.ts';
import { recurrenceOf } from './columns.ts';
import { Series, upcomingDays } from './next-occurrence.ts';
import { listOccurrencesRoute, previewRecurrenceRoute, skipTaskRoute } from './routes.ts';
import { nextDays, ReadSeries, storedRecurrence, todayOf } from './series.ts';
import { skipTaskMutation } from './skip.ts';
import { selectSeries } from './statements.ts';

export function recurrenceOperations(writes: WriteContext): Operation[] {
  return [
    implement(previewRecurrenceRoute, ({ query, body }) => {
      const { recurrence, due, limit } = body;
      const { date: now } = localDateTimeAt(Date.now(), due.time_zone ?? query.time_zone);
      const first = { ruleDay: due.date, dueDay: due.date, today: body.completed_on ?? now };
      const days = upcomingDays(new Series(recurrence, due.date), first, limit);
      return jsonResponse({ recurrence: { ...recurrence, rule: recurrence.rule.text }, days });
    }),

    implement(listOccurrencesRoute, async ({ path: { id }, query: { limit, time_zone } }, context) => {
      const principal = context.get('principal');
      const [[row]] = await writes.database.run(principal, [selectSeries(principal.userId, id)], 'repeat');
      if (!row) throw new ProblemError('task_not_found');
      const recurrence = storedRecurrence(row);
      const days = recurrence ? nextDays(row, recurrence, { today: todayOf(row, time_zone), limit }) : [];
      return jsonResponse({ recurrence: recurrenceOf(row), days });
    }),

    implement(skipTaskRoute, ({ path: { id }, query, headers }, context) => {
      const versions = allowedVersions(headers['if-match']);
      const series = new ReadSeries(query.time_zone);
      const plan = () => skipTaskMutation(newChangeSet(context), id, versions, series);
      return executePlannedWrite(writes, context, plan, headers['idempotency-key'], taskResponse);
    }),
  ];
}
