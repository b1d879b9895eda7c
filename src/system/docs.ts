/** What the server says about itself: the OpenAPI document, a page to try it with, the meaning of each problem. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { accepts } from 'hono/accepts';
import { z } from 'zod';
import { publicPath } from '../http/base-path.ts';
import { problemCode } from '../http/openapi/problem-schema.ts';
import type { RequestContext } from '../http/request-context.ts';
import { jsonResponse } from '../http/response/json.ts';
import { defineRoute, implement, type Operation } from '../http/route.ts';
import type { RegisterHandlers } from '../http/router/register-routes.ts';
import { catalogue, type ProblemCode, problemCodes, problemType } from '../problems/catalogue.ts';
import { ProblemError } from '../problems/problem.ts';

const tag = 'Documentation';

/**
 * @param version of this server
 * @param document gives the OpenAPI document, in which these operations stand too
 */
export function documentationOperations(version: string, document: () => object): Operation[] {
  return [
    implement(
      defineRoute({
        id: 'readIndex',
        method: 'get',
        path: '/',
        tag,
        summary: 'Where things are',
        description: 'A browser is sent to the documentation. The links are relative to this path.',
        token: 'none',
        request: {},
        responses: {
          200: { description: 'Where the API and its documentation are.', schema: index, headers: varies },
          302: {
            description: 'To a client that prefers `text/html`.',
            headers: { Location: 'The documentation.', ...varies },
          },
        },
        problems: [],
      }),
      (_input, context) => {
        const supports = ['application/json', 'text/html'];
        const type = accepts(context, { header: 'Accept', supports, default: 'application/json' });
        if (type === 'application/json') return jsonResponse({ name: 'todo-api', version, ...links }, vary);
        return new Response(null, { status: 302, headers: { Location: links.documentation, ...vary } });
      },
    ),
    implement(
      defineRoute({
        id: 'readOpenApi',
        method: 'get',
        path: '/openapi.json',
        tag,
        summary: 'This document',
        token: 'none',
        request: {},
        responses: {
          200: { description: 'The OpenAPI 3.1 document.', schema: z.looseObject({ openapi: z.string() }) },
        },
        problems: [],
      }),
      () => jsonResponse(document()),
    ),
    implement(
      defineRoute({
        id: 'readDocumentation',
        method: 'get',
        path: '/docs',
        tag,
        summary: 'A page to read and try the API',
        token: 'none',
        request: {},
        responses: { 200: { description: 'The page.', schema: z.string(), contentType: 'text/html' } },
        problems: [],
      }),
      (_input, context) =>
        context.html(page(context.get('placement').basePath), 200, {
          'Content-Security-Policy': contentSecurityPolicy,
        }),
    ),
    implement(
      defineRoute({
        id: 'explainProblem',
        method: 'get',
        path: '/problems/{code}',
        tag,
        summary: 'Explain a problem',
        description: 'The `type` of a problem leads here.',
        token: 'none',
        request: { path: z.strictObject({ code: z.string().meta({ example: 'validation-failed' }) }) },
        responses: { 200: { description: 'What the problem means and what to do about it.', schema: explanation } },
        problems: ['not_found'],
      }),
      ({ path }, context) => {
        const code = path.code.replaceAll('-', '_') as ProblemCode;
        if (!problemCodes.includes(code)) throw new ProblemError('not_found');
        const { status, title, detail, remedy } = catalogue[code];
        return jsonResponse({ type: publicPath(context, problemType(code)), code, status, title, detail, remedy });
      },
    ),
  ];
}

/** Relative references, so that they hold behind a proxy that puts the server under a path of its own. */
const links = { documentation: 'docs', openapi: 'openapi.json', api: 'api/v1' } as const;

const vary = { Vary: 'Accept' };
const varies = { Vary: 'The response depends on `Accept`.' };

const link = z.string().meta({ format: 'uri-reference' });

const index = z
  .strictObject({ name: z.string(), version: z.string(), documentation: link, openapi: link, api: link })
  .meta({ id: 'Index' });

const explanation = z
  .strictObject({
    type: z.string().meta({ format: 'uri-reference' }),
    code: problemCode,
    status: z.int(),
    title: z.string(),
    detail: z.string().meta({ description: 'What is said of it where nothing more specific is.' }),
    remedy: z.string().meta({ description: 'What the client’s developer can do about it.' }),
  })
  .meta({ id: 'ProblemExplanation' });

const page = (basePath: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>todo-api</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${basePath}/docs/swagger-ui.css">
  </head>
  <body>
    <main id="documentation"></main>
    <script src="${basePath}/docs/swagger-ui-bundle.js"></script>
    <script src="${basePath}/docs/start.js"></script>
  </body>
</html>
`;

const start = (basePath: string) => `SwaggerUIBundle({
  url: '${basePath}/openapi.json',
  dom_id: '#documentation',
  deepLinking: true,
  persistAuthorization: true,
  validatorUrl: null,
});
`;

/** Everything comes from this server; the page's script sets styles of its own. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** Put there by the build. Same from `src/` and from `dist/`. */
const assets = fileURLToPath(new URL('../../dist/assets/', import.meta.url));

/** The script and the style of the page, which are no operations of the API. */
export function mountDocumentationAssets(mount: RegisterHandlers): void {
  const script = 'text/javascript; charset=utf-8';
  serve('/docs/start.js', script, (context) => start(context.get('placement').basePath));
  serve('/docs/swagger-ui-bundle.js', script, () => readFileSync(`${assets}swagger-ui-bundle.js`, 'utf8'));
  serve('/docs/swagger-ui.css', 'text/css; charset=utf-8', () => readFileSync(`${assets}swagger-ui.css`, 'utf8'));

  function serve(path: string, type: string, read: (context: RequestContext) => string): void {
    const headers = { 'Content-Type': type, 'Cache-Control': 'max-age=3600' };
    mount(path, { GET: (context) => context.body(read(context), 200, headers) });
  }
}
