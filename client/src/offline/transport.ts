/** What the store needs of a client: requests, and the stream of changes. A `TodoClient` has both. */
import type { TodoClient } from '../client.ts';

export type Transport = Pick<TodoClient, 'request' | 'events'>;
