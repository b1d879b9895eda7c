/** Tasks of the seeded user: every status, priority and kind of due date, relative to a day. */

interface NewTask {
  readonly title: string;
  readonly description?: string;
  readonly status?: 'Todo' | 'InProgress' | 'Done';
  readonly priority?: 'Low' | 'Medium' | 'High';
  readonly tags?: readonly string[];
  readonly due?: { readonly date: string; readonly time?: string; readonly time_zone?: string };
}

/** @param today the day that due dates count from */
export function seedTasks(today: Date): NewTask[] {
  const day = (offset: number) => new Date(today.getTime() + offset * 86_400_000).toISOString().slice(0, 10);
  return [
    { title: 'Pay the electricity bill', priority: 'High', tags: ['Home', 'Finance'], due: { date: day(-2) } },
    { title: 'Renew the library card', priority: 'Low', tags: ['Errands'], due: { date: day(-9) } },
    {
      title: 'Prepare the slides for the quarterly review',
      description: 'Revenue, churn, hiring plan. Ask Priya for the numbers of the last quarter.',
      status: 'InProgress',
      priority: 'High',
      tags: ['Work', 'Review'],
      due: { date: day(1), time: '09:30', time_zone: 'Europe/Rome' },
    },
    {
      title: 'Stand-up with the team in New York',
      tags: ['Work', 'Meeting'],
      due: { date: day(0), time: '10:00', time_zone: 'America/New_York' },
    },
    { title: 'Take the medication', priority: 'High', tags: ['Health'], due: { date: day(0), time: '08:00' } },
    { title: 'Water the plants', priority: 'Low', tags: ['Home'], due: { date: day(0) } },
    { title: 'Buy milk, bread and coffee', tags: ['Errands', 'Groceries'], due: { date: day(1) } },
    { title: 'Call the dentist', tags: ['Health'], due: { date: day(2), time: '14:00' } },
    {
      title: 'Review the pull request about retries',
      description: 'Check that a retry never repeats a write without an Idempotency-Key.',
      status: 'InProgress',
      tags: ['Work', 'Code'],
    },
    { title: 'Write the release notes', priority: 'High', tags: ['Work', 'Code'], due: { date: day(4) } },
    { title: 'Plan the birthday party', description: 'Guests, cake, music.', tags: ['Family'], due: { date: day(12) } },
    { title: 'Book flights to Zürich', tags: ['Travel'], due: { date: day(20) } },
    { title: 'Apply for the new passport', priority: 'High', tags: ['Travel', 'Errands'], due: { date: day(30) } },
    { title: 'Read “Designing Data-Intensive Applications”', priority: 'Low', status: 'InProgress', tags: ['Reading'] },
    { title: 'Learn to make 寿司', priority: 'Low', tags: ['Cooking'] },
    { title: 'Fix the dripping tap', tags: ['Home'] },
    { title: 'Back up the photos', priority: 'Low', tags: ['Home', 'Computer'], due: { date: day(60) } },
    { title: 'Send the invoice for November', status: 'Done', priority: 'High', tags: ['Finance', 'Work'] },
    { title: 'Return the parcel', status: 'Done', tags: ['Errands'], due: { date: day(-1) } },
    { title: 'Run 5 km', status: 'Done', tags: ['Health', 'Sport'], due: { date: day(-3), time: '07:00' } },
    { title: 'Cancel the old phone contract', status: 'Done', priority: 'Low', tags: ['Finance'] },
    { title: 'Think of a title for the talk' },
  ];
}
