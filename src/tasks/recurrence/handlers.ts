/** The handler of recurrence previews. It needs no database. */
import { jsonResponse } from '../../http/response/json.ts';
import { implement, type Operation } from '../../http/route.ts';
import { localDateTimeAt } from '../due/calendar.ts';
import { Series } from './next-occurrence.ts';
import { previewRecurrenceRoute } from './routes.ts';

export const previewRecurrenceOperation: Operation = implement(previewRecurrenceRoute, ({ query, body }) => {
  const { recurrence, due, limit } = body;
  const { date: today } = localDateTimeAt(Date.now(), due.time_zone ?? query.time_zone);
  const days = upcomingDays(new Series(recurrence, due.date), due.date, body.completed_on ?? today, limit);
  return jsonResponse({ recurrence: { ...recurrence, rule: recurrence.rule.text }, days });
});

/** The days after an occurrence that is completed on a day, if each of the others is completed on its day. */
function upcomingDays(series: Series, due: string, completedOn: string, limit: number): string[] {
  const days: string[] = [];
  let next = series.nextOccurrence({ ruleDay: due, dueDay: due, today: completedOn });
  while (next !== null && days.length < limit) {
    days.push(next);
    next = series.nextOccurrence({ ruleDay: next, dueDay: next, today: next });
  }
  return days;
}
