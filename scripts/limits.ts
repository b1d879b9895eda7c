/** The table of limits in `docs/limits.md`. Each value is a constant of the code. */
import { maxExports, maxExportsPerUser } from '../src/account/export/limits.ts';
import { maxImportBytes, maxImportLines } from '../src/account/import/limits.ts';
import { maxEmailRequestsPerHour, maxRejectedPerMinute } from '../src/auth/better-auth/limits.ts';
import { issuerBodyLimit } from '../src/auth/better-auth/operation.ts';
import { maxEmailsPerHour } from '../src/auth/better-auth/outbox.ts';
import { passwordLength } from '../src/auth/better-auth/password-length.ts';
import { maxSessionsPerUser } from '../src/auth/better-auth/sessions.ts';
import { maxSubjectLength } from '../src/auth/jwt/claims.ts';
import { maxTokenBytes } from '../src/auth/jwt/verifier.ts';
import { maxAgeMs, maxStreams, maxStreamsPerUser } from '../src/changes/events/open-streams.ts';
import { maxReads } from '../src/changes/events/read-turns.ts';
import { changesPerMessage } from '../src/changes/events/stream.ts';
import { maxChanges, maxWaitSeconds } from '../src/changes/routes.ts';
import { pollLimits } from '../src/changes/wait-for-changes.ts';
import { quotaVariable } from '../src/config/variables.ts';
import { maxConnectionsPerUser, maxQueueLength, maxQueueLengthPerUser } from '../src/database/pg/pool.ts';
import { maxInFlight } from '../src/http/middleware/concurrency-limit.ts';
import { bodyLimit, maxBodyPieces } from '../src/http/request/body.ts';
import { maxRepeats } from '../src/http/request/parameters.ts';
import { maxParameters } from '../src/http/request/query.ts';
import { maxKeyLength } from '../src/idempotency/header.ts';
import { maxKeysPerUser, maxStoredBytesPerUser } from '../src/idempotency/keys.ts';
import { retentionHours } from '../src/idempotency/retention.ts';
import { maxDepth, maxValues } from '../src/json/strict-json.ts';
import { nameLength } from '../src/lists/schemas.ts';
import { maxQueuedMessages } from '../src/mail/mail-queue.ts';
import { maxUndone } from '../src/mcp/tools/history.ts';
import { maxListsPerCall } from '../src/mcp/tools/lists.ts';
import { maxTextLength, pageSizes } from '../src/mcp/tools/results.ts';
import { maxTasksPerCall } from '../src/mcp/tools/write-tasks.ts';
import { maxErrors, maxLengths, maxProblemBytes } from '../src/problems/bounds.ts';
import { maxBatchIndexCost, maxOperations, maxResultsBytes } from '../src/resource/batch.ts';
import { maxPageBytes } from '../src/resource/page.ts';
import { positionLength } from '../src/resource/position.ts';
import { maxChangesPerUser } from '../src/resource/retention.ts';
import { pageLimits } from '../src/resource/schemas.ts';
import { maxHeaderCount } from '../src/server/bad-request.ts';
import { apiLimits, maxConnections } from '../src/server/limits.ts';
import { maxHeaderBytes } from '../src/server/server.ts';
import { maxRenamedTasks } from '../src/tags/statements.ts';
import { maxQueryLength } from '../src/tasks/list-parameters.ts';
import { ruleLimits } from '../src/tasks/recurrence/rule.ts';
import { maxGapYears } from '../src/tasks/recurrence/rule-days.ts';
import { maxYearsToNextDay, previewLimits } from '../src/tasks/recurrence/schemas.ts';
import { maxSkip } from '../src/tasks/routes.ts';
import { descriptionLength, maxTags, tagLength, taskBodyLimit, titleLength } from '../src/tasks/schemas.ts';
import { maxQueriedWords, maxWords } from '../src/tasks/search/words.ts';
import { lifetimeDays, nameLength as tokenNameLength } from '../src/tokens/schemas.ts';
import { maxTokensPerUser } from '../src/tokens/statements.ts';
import { limitedResources, quotas } from '../src/vocabulary.ts';

const count = (value: number) => value.toLocaleString('en');
const kib = (bytes: number) => `${count(bytes / 1024)} KiB`;
const seconds = (ms: number) => `${ms / 1000} s`;

/** Each row: what is limited, the limit, and what happens beyond it. Lengths are in code points. */
export const limits = [
  {
    title: 'Requests',
    rows: [
      ['Request line and headers', kib(maxHeaderBytes), '400 `malformed_request`'],
      ['Headers', count(maxHeaderCount), '400 `malformed_request`'],
      ['Parameters of a query, repeated ones included', count(maxParameters), '400 `malformed_request`'],
      ['Values of a repeatable parameter', count(maxRepeats), '422'],
      ['Body of a write of tasks, and of a message to the MCP server', kib(taskBodyLimit), '413'],
      ['Body of a request to the embedded issuer', kib(issuerBodyLimit), '413'],
      ['Any other body', kib(bodyLimit), '413'],
      ['Chunks or packets of a body', count(maxBodyPieces), '400 `malformed_request`'],
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
      ['Time to read a whole response', seconds(apiLimits.readResponseTimeoutMs), 'a closed connection'],
      ['Time of an idle connection', seconds(apiLimits.keepAliveTimeoutMs), 'a closed connection'],
      [
        'Connections per process',
        `${count(maxConnections)}, or fewer by the limit on open files`,
        'The connection that has waited longest for its client is closed.',
      ],
      ['Requests on a connection that wait for an earlier one', count(apiLimits.maxPipelined), 'a closed connection'],
      ['Requests in progress per process', count(maxInFlight), '503 `overloaded`'],
      ['Requests of a user in the database, at most one of them a write', count(maxConnectionsPerUser), 'They wait.'],
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
      [
        'Tasks of a tag that is renamed',
        count(maxRenamedTasks),
        '422. Replace the tag on some of them in batches first.',
      ],
      ['Operations in a batch', count(maxOperations), '422'],
      ['Results of a batch', kib(maxResultsBytes), '422'],
      [
        'Search words of a batch. A tag counts as four, a repeated change of a task counts three times, and the next occurrence of a completed task counts with its rule, up to 458 for COUNT=1000',
        count(maxBatchIndexCost),
        '422. A batch of one operation has no such limit.',
      ],
    ],
  },
  {
    title: 'Lists',
    rows: [
      ['Name', `${count(nameLength)} characters`, '422'],
      ['Position of a task or of a list', `${count(positionLength)} characters`, '422'],
    ],
  },
  {
    title: 'Recurrence',
    rows: [
      ['Rule', `${count(ruleLimits.length)} characters`, '422'],
      ['`INTERVAL`', count(ruleLimits.interval), '422'],
      ['`COUNT`', count(ruleLimits.count), '422'],
      ['From the due date to the next day of the rule', `${maxYearsToNextDay} years`, '422'],
      ['Between two later days of the rule', `${maxGapYears} years`, 'The series ends.'],
      ['Days of a preview, and of the occurrences of a task', count(previewLimits.limit), '422'],
    ],
  },
  {
    title: 'Quotas of a user',
    rows: limitedResources.map((resource) => [
      `${resource.charAt(0).toUpperCase()}${resource.slice(1)}`,
      `${count(quotas[resource].defaultValue)} (\`${quotaVariable(resource)}\`)`,
      '429 `quota_exceeded`',
    ]),
  },
  {
    title: 'History of a user',
    rows: [
      [
        'Changes whose history and trash are kept',
        `${count(maxChangesPerUser)}, rounded up to a multiple of 1,000`,
        'The server removes older history, and deletes tasks permanently that were deleted before.',
      ],
    ],
  },
  {
    title: 'Pages',
    rows: [
      ['`limit`', count(pageLimits.limit), '422'],
      ['`skip`', count(maxSkip), '422'],
      ['`cursor`', `${count(pageLimits.cursor)} characters`, '422'],
      ['`q`', `${count(maxQueryLength)} characters`, '422'],
      ['Words in `q`', count(maxQueriedWords), '422'],
      ['Titles and descriptions of a page', kib(maxPageBytes), 'The page ends, and `Link` has the next page.'],
      ['`limit` of changes', count(maxChanges), '422'],
      ['`wait` of changes', seconds(maxWaitSeconds * 1_000), '422'],
      ['Requests of a user that wait for changes, per process', count(pollLimits.maxPerUser), '429 `rate_limited`'],
      ['Requests that wait for changes per process', count(pollLimits.maxPerProcess), '503 `overloaded`'],
      ['Titles and descriptions of a page of changes', kib(maxPageBytes), 'The page ends, and `has_more` is true.'],
    ],
  },
  {
    title: 'Event streams',
    rows: [
      ['Open streams of a user per process', count(maxStreamsPerUser), '429 `rate_limited`'],
      ['Open streams per process', count(maxStreams), '503 `overloaded`'],
      ['Age of a stream', seconds(maxAgeMs), 'The stream ends with `max_age`.'],
      ['Streams that read at a time per process', count(maxReads), 'They wait.'],
      ['Changes in a message', count(changesPerMessage), 'The stream continues with the next message.'],
    ],
  },
  {
    title: 'Exports',
    rows: [
      ['Exports of a user at the same time per process', count(maxExportsPerUser), '429 `rate_limited`'],
      ['Exports at the same time per process', count(maxExports), '503 `overloaded`'],
      ['Duration of an export', seconds(maxAgeMs), 'The connection is cut.'],
    ],
  },
  {
    title: 'Tools of the MCP server',
    rows: [
      ['Tasks of a call that writes', count(maxTasksPerCall), 'an error of the tool'],
      ['`limit`', count(pageSizes.max), 'an error of the tool'],
      ['Lists in a result', count(maxListsPerCall), 'The result has the number of the others.'],
      ['Results of an undo', count(maxUndone), 'The result has the number of the others.'],
      ['Text in a list of results', `${count(maxTextLength)} characters`, 'It is truncated; `get_task` has all of it.'],
    ],
  },
  {
    title: 'Imports',
    rows: [
      ['Lines of a request', count(maxImportLines), '422'],
      ['Body of a request', kib(maxImportBytes), '413'],
    ],
  },
  {
    title: 'Error responses',
    rows: [
      ['Body', kib(maxProblemBytes), 'The limits below keep it smaller.'],
      ['Listed errors', count(maxErrors), 'The `detail` has the number of the others.'],
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
      ['API tokens of a user', count(maxTokensPerUser), '429 `quota_exceeded`'],
      ['Lifetime of an API token', `${lifetimeDays.max} days`, '422'],
      ['Name of an API token', `${count(tokenNameLength)} characters`, '422'],
      ['Wrong passwords for an account, per address and minute', count(maxRejectedPerMinute), '429 `rate_limited`'],
      ['Requests for an e-mail, per address and hour', count(maxEmailRequestsPerHour), '429 `rate_limited`'],
      ['E-mails of one kind to a recipient, per hour', count(maxEmailsPerHour), 'No e-mail is sent.'],
      ['E-mails that wait for the SMTP server', count(maxQueuedMessages), 'Others are dropped, and logged.'],
      ['Sessions of a user (embedded issuer)', count(maxSessionsPerUser), 'The oldest session ends.'],
      ['Password (embedded issuer)', `${passwordLength.min} to ${passwordLength.max} characters`, '422'],
    ],
  },
];
