/** Lists and tasks of the seeded user: every status, priority and kind of due date, relative to a day. */

interface NewTask {
  readonly id: string;
  readonly title: string;
  readonly list_id?: string;
  readonly parent_id?: string;
  readonly description?: string;
  readonly status?: 'Todo' | 'InProgress' | 'Done';
  readonly priority?: 'Low' | 'Medium' | 'High';
  readonly tags?: readonly string[];
  readonly due?: { readonly date: string; readonly time?: string; readonly time_zone?: string };
  readonly recurrence?: { readonly rule: string };
}

/** A task without its id, with the titles of its subtasks. */
type Draft = Omit<NewTask, 'id' | 'parent_id'> & { readonly subtasks?: readonly string[] };

/** Fixed ids, so that a repeated request creates nothing twice. */
const fixedId = (number: number) => `0193a5b0-7e5c-7000-8000-${String(number).padStart(12, '0')}`;

const home = fixedId(1_001);
const work = fixedId(1_002);

export const seedLists = [
  { id: home, name: 'Home', color: '#2e7d32' },
  { id: work, name: 'Work', color: '#1565c0' },
];

/** @param today the day that due dates count from */
export function seedTasks(today: Date): NewTask[] {
  const day = (offset: number) => new Date(today.getTime() + offset * 86_400_000).toISOString().slice(0, 10);
  const drafts: Draft[] = [
    { title: 'Pay the electricity bill', list_id: home, priority: 'High', tags: ['Finance'], due: { date: day(-2) } },
    { title: 'Renew the library card', priority: 'Low', tags: ['Errands'], due: { date: day(-9) } },
    {
      title: 'Prepare the slides for the quarterly review',
      list_id: work,
      subtasks: ['Ask Priya for the numbers', 'Draw the chart of the revenue'],
      description: 'Revenue, churn, hiring plan. Ask Priya for the numbers of the last quarter.',
      status: 'InProgress',
      priority: 'High',
      tags: ['Review'],
      due: { date: day(1), time: '09:30', time_zone: 'Europe/Rome' },
    },
    {
      title: 'Stand-up with the team in New York',
      list_id: work,
      tags: ['Meeting'],
      due: { date: day(0), time: '10:00', time_zone: 'America/New_York' },
      recurrence: { rule: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR' },
    },
    { title: 'Take the medication', priority: 'High', tags: ['Health'], due: { date: day(0), time: '08:00' } },
    {
      title: 'Water the plants',
      list_id: home,
      priority: 'Low',
      due: { date: day(0) },
      recurrence: { rule: 'FREQ=DAILY;INTERVAL=3' },
    },
    { title: 'Buy milk, bread and coffee', tags: ['Errands', 'Groceries'], due: { date: day(1) } },
    { title: 'Call the dentist', tags: ['Health'], due: { date: day(2), time: '14:00' } },
    {
      title: 'Review the pull request about retries',
      description: 'Check that a retry never repeats a write without an Idempotency-Key.',
      list_id: work,
      status: 'InProgress',
      tags: ['Code'],
    },
    { title: 'Write the release notes', list_id: work, priority: 'High', tags: ['Code'], due: { date: day(4) } },
    {
      title: 'Plan the birthday party',
      subtasks: ['Send the invitations', 'Order the cake', 'Choose the music'],
      tags: ['Family'],
      due: { date: day(12) },
    },
    { title: 'Book flights to Zürich', tags: ['Travel'], due: { date: day(20) } },
    { title: 'Apply for the new passport', priority: 'High', tags: ['Travel', 'Errands'], due: { date: day(30) } },
    { title: 'Read “Designing Data-Intensive Applications”', priority: 'Low', status: 'InProgress', tags: ['Reading'] },
    { title: 'Learn to make 寿司', priority: 'Low', tags: ['Cooking'] },
    { title: 'Fix the dripping tap', list_id: home },
    { title: 'Back up the photos', priority: 'Low', tags: ['Home', 'Computer'], due: { date: day(60) } },
    { title: 'Send the invoice for November', status: 'Done', priority: 'High', tags: ['Finance', 'Work'] },
    { title: 'Return the parcel', status: 'Done', tags: ['Errands'], due: { date: day(-1) } },
    { title: 'Run 5 km', status: 'Done', tags: ['Health', 'Sport'], due: { date: day(-3), time: '07:00' } },
    { title: 'Cancel the old phone contract', status: 'Done', priority: 'Low', tags: ['Finance'] },
    { title: 'Think of a title for the talk' },
  ];
  const tasks: NewTask[] = [];
  for (const { subtasks = [], ...task } of drafts) {
    const id = fixedId(tasks.length + 1);
    tasks.push({ id, ...task });
    const place = { parent_id: id, ...(task.list_id && { list_id: task.list_id }) };
    for (const title of subtasks) tasks.push({ id: fixedId(tasks.length + 1), title, ...place });
  }
  return tasks;
}
