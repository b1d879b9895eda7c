/**
 * Seed of a running server with the embedded issuer: a user with lists and tasks, through the HTTP API. It can run
 * repeatedly: the ids are fixed, and lists and tasks that the user has changed stay as they are.
 *
 * Usage: npm run seed -- [URL]
 */
import { seedLists, seedTasks } from './seed-tasks.ts';

/** Not the user of the README, so that its commands work before and after. */
const user = { name: 'Sam Demo', email: 'demo@example.com', password: 'correct horse battery' };
const json = { 'Content-Type': 'application/json' };
const url = (process.argv[2] ?? `http://localhost:${process.env.PORT ?? 3000}`).replace(/\/$/, '');

try {
  const token = await tokenFor(await signIn());
  await create(token, '/api/v1/lists', seedLists);
  const created = await create(token, '/api/v1/tasks', seedTasks(new Date()));
  const listed = await call('GET', '/api/v1/tasks?limit=200', { Authorization: `Bearer ${token}` });
  const { length } = (await listed.json()) as unknown[];
  console.log(`Created ${created} tasks. The user has ${length} tasks on the first page.

E-mail    ${user.email}
Password  ${user.password}

List the tasks that are due today (the token is valid for 15 minutes):

curl -H 'Authorization: Bearer ${token}' '${url}/api/v1/tasks?due=today'
`);
} catch (error) {
  console.error(`seed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

/** Signs up the user, or signs in if the user exists. Returns the session token. */
async function signIn(): Promise<string> {
  const signedUp = await call('POST', '/api/auth/sign-up/email', json, user);
  if (signedUp.status === 404) throw new Error(`the server at ${url} has no embedded issuer. Unset AUTH_MODE there.`);
  const answer = signedUp.ok ? signedUp : await call('POST', '/api/auth/sign-in/email', json, user);
  const session = answer.headers.get('set-auth-token');
  if (!answer.ok || !session) throw new Error(`the sign-in of ${user.email} failed: ${await answer.text()}`);
  return session;
}

async function tokenFor(session: string): Promise<string> {
  const answer = await call('GET', '/api/auth/token', { Authorization: `Bearer ${session}` });
  if (!answer.ok) throw new Error(`the server issued no token: ${await answer.text()}`);
  return ((await answer.json()) as { token: string }).token;
}

/** Returns how many resources did not exist before. */
async function create(token: string, path: string, resources: readonly { readonly id: string }[]): Promise<number> {
  let created = 0;
  for (const resource of resources) {
    const answer = await call('POST', path, { ...json, Authorization: `Bearer ${token}` }, resource);
    if (answer.status === 201) created += 1;
    // 200: it exists unchanged. 409: it exists and was changed, or it has the due date of another day.
    else if (answer.status !== 200 && answer.status !== 409) {
      throw new Error(`${JSON.stringify(resource)} was not created: ${await answer.text()}`);
    }
  }
  return created;
}

async function call(method: string, path: string, headers: Record<string, string>, body?: object): Promise<Response> {
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  return fetch(`${url}${path}`, init).catch(() => {
    throw new Error(`no server responds at ${url}. Start it with \`npm start\`, or name its URL: npm run seed -- URL`);
  });
}
