/** The table of limits in `docs/limits.md`. Each value is a constant of the code. */
import { passwordLength } from '../dist/auth/better-auth/password-length.js';
import { maxSubjectLength } from '../dist/auth/jwt/claims.js';
import { maxTokenBytes } from '../dist/auth/jwt/verifier.js';
import { variables } from '../dist/config/variables.js';
import { maxConnectionsPerUser, maxQueueLength, maxQueueLengthPerUser } from '../dist/database/pg/pool.js';
import { maxInFlight } from '../dist/http/middleware/concurrency-limit.js';
import { bodyLimit } from '../dist/http/request/body.js';
import { maxRepeats } from '../dist/http/request/parameters.js';
import { maxParameters } from '../dist/http/request/query.js';
import { maxKeyLength } from '../dist/idempotency/header.js';
import { maxKeysPerUser, maxStoredBytesPerUser } from '../dist/idempotency/keys.js';
import { retentionHours } from '../dist/idempotency/retention.js';
import { maxDepth, maxValues } from '../dist/json/strict-json.js';
import { maxErrors, maxLengths, maxProblemBytes } from '../dist/problems/bounds.js';
import { pageLimits } from '../dist/resource/schemas.js';
import { maxHeaderCount } from '../dist/server/bad-request.js';
import { apiLimits, maxConnections } from '../dist/server/limits.js';
import { maxHeaderBytes } from '../dist/server/server.js';
import { maxBatchIndexCost, maxResultsBytes } from '../dist/tasks/batch.js';
import { maxOperations } from '../dist/tasks/batch-schemas.js';
import { maxQueryLength } from '../dist/tasks/list-parameters.js';
import { maxSkip } from '../dist/tasks/routes.js';
import { descriptionLength, maxTags, tagLength, taskBodyLimit, titleLength } from '../dist/tasks/schemas.js';
import { maxQueriedWords, maxWords } from '../dist/tasks/search/words.js';
import { maxPageBytes } from '../dist/tasks/sql/list-statement.js';

const count = (value) => value.toLocaleString('en');
const kib = (bytes) => `${count(bytes / 1024)} KiB`;
const seconds = (ms) => `${ms / 1000} s`;

/** Each row: what is limited, the limit, and what happens beyond it. Lengths are in code points. */
export const limits = [
  {
    title: 'Requests',
    rows: [
      ['Request line and headers', kib(maxHeaderBytes), '400 `malformed_request`'],
      ['Headers', count(maxHeaderCount), '400 `malformed_request`'],
      ['Parameters of a query, repeated ones included', count(maxParameters), '400 `malformed_request`'],
      ['Values of a repeatable parameter', count(maxRepeats), '422'],
      ['Body of a write of tasks', kib(taskBodyLimit), '413'],
      ['Any other body', kib(bodyLimit), '413'],
      ['Levels of nesting in a body', count(maxDepth), '400 `malformed_request`'],
      ['Values in a body, those of fields and elements included', count(maxValues), '400 `malformed_request`'],
      ['`Idempotency-Key`', `${count(maxKeyLength)} characters`, '422'],
      [`Idempotency keys of a user in ${retentionHours} hours`, count(maxKeysPerUser), '429 `rate_limited`'],
      [
        `Bodies of the stored responses of a user in ${retentionHours} hours`,
        kib(maxStoredBytesPerUser),
        '429 `quota_exceeded`',
      ],
      ['Time until the headers have arrived', seconds(apiLimits.headersTimeoutMs), '400, or a closed connection'],
      ['Time until the request has arrived', seconds(apiLimits.requestTimeoutMs), '400, or a closed connection'],
      ['Time without progress of a response', seconds(apiLimits.writeTimeoutMs), 'a closed connection'],
      ['Time of an idle connection', seconds(apiLimits.keepAliveTimeoutMs), 'a closed connection'],
      [
        'Connections per process',
        `${count(maxConnections)}, or fewer by the limit on open files`,
        'The connection that has waited longest for its client is closed.',
      ],
      ['Requests on a connection that wait for an earlier one', count(apiLimits.maxPipelined), 'a closed connection'],
      ['Requests in progress per process', count(maxInFlight), '503 `overloaded`'],
      ['Requests of a user in the database, of which one is a write', count(maxConnectionsPerUser), 'They wait.'],
      ['Requests of a user that wait for the database', count(maxQueueLengthPerUser), '429'],
      ['Requests that wait for the database per process', count(maxQueueLength), '503 `overloaded`'],
    ],
  },
  {
    title: 'Tasks',
    rows: [
      ['Title', `${count(titleLength)} characters`, '422'],
      ['Description', `${count(descriptionLength)} characters`, '422'],
      ['Tags of a task', count(maxTags), '422'],
      ['Name of a tag', `${count(tagLength)} characters`, '422'],
      [
        'Different search words of a title, and of a description',
        count(maxWords),
        'Search does not find the words after them. In scripts without spaces, each character begins a word.',
      ],
      ['Operations in a batch', count(maxOperations), '422'],
      ['Results of a batch', kib(maxResultsBytes), '422'],
      [
        'Tasks of a user',
        `${count(Number(variables.MAX_TASKS_PER_USER.defaultValue))} (\`MAX_TASKS_PER_USER\`)`,
        '429 `quota_exceeded`',
      ],
      [
        'Tags of a user',
        `${count(Number(variables.MAX_TAGS_PER_USER.defaultValue))} (\`MAX_TAGS_PER_USER\`)`,
        '429 `quota_exceeded`',
      ],
      [
        'Search words of a batch. A tag counts as four, and a repeated change of a task counts three times',
        count(maxBatchIndexCost),
        '422. A batch of one operation has no such limit.',
      ],
    ],
  },
  {
    title: 'Lists',
    rows: [
      ['`limit`', count(pageLimits.limit), '422'],
      ['`skip`', count(maxSkip), '422'],
      ['`cursor`', `${count(pageLimits.cursor)} characters`, '422'],
      ['`q`', `${count(maxQueryLength)} characters`, '422'],
      ['Words in `q`', count(maxQueriedWords), '422'],
      ['Titles and descriptions of a page', kib(maxPageBytes), 'The page ends, and `Link` has the next one.'],
    ],
  },
  {
    title: 'Error responses',
    rows: [
      ['Body', kib(maxProblemBytes), 'never'],
      ['Listed errors', count(maxErrors), 'The `detail` says how many there are more.'],
      ['`detail`', `${count(maxLengths.detail)} characters`, 'It is truncated.'],
      ['`instance`', `${count(maxLengths.instance)} characters`, 'It is truncated.'],
      ['`pointer` of an error', `${count(maxLengths.pointer)} characters`, 'It is truncated.'],
      ['`message` of an error', `${count(maxLengths.message)} characters`, 'It is truncated.'],
    ],
  },
  {
    title: 'Tokens and passwords',
    rows: [
      ['Token', `${count(maxTokenBytes)} bytes`, '401'],
      ['`sub` of a token', `${count(maxSubjectLength)} characters`, '401'],
      ['Password (embedded issuer)', `${passwordLength.min} to ${passwordLength.max} characters`, '422'],
    ],
  },
];
