/** Documentation endpoints: the index, the OpenAPI document, Swagger UI and the explanation of each problem. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { accepts } from 'hono/accepts';
import { z } from 'zod';
import { publicPath } from '../http/base-path.ts';
import { problemCode } from '../http/openapi/problem-schema.ts';
import { ifNoneMatch } from '../http/request/parameters.ts';
import { readQuery } from '../http/request/query.ts';
import { headerOf, type RequestContext } from '../http/request-context.ts';
import { jsonResponse } from '../http/response/json.ts';
import { type StaticBody, staticBody, staticResponse } from '../http/response/static.ts';
import { defineRoute, implement, type Operation } from '../http/route.ts';
import type { RegisterHandlers } from '../http/router/register-routes.ts';
import { catalogue, type ProblemCode, problemCodes, problemType } from '../problems/catalogue.ts';
import { ProblemError } from '../problems/problem.ts';

const tag = 'Documentation';

/**
 * A link of the index. A proxy that removes the base path forwards `/todo` and `/todo/` alike, so the link
 * begins with the base path. Without one, a relative link stays valid behind a proxy that adds a prefix.
 */
function linkTo(path: string, context: RequestContext): string {
  return context.get('placement').basePath === '' ? path.slice(1) : publicPath(context, path);
}

const vary = { Vary: 'Accept' };
const varies = { Vary: 'The response depends on `Accept`.' };

const etag = { ETag: 'The version of the document.' };

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
    detail: z.string().meta({ description: 'The default `detail` of the problem.' }),
    remedy: z.string().meta({ description: 'How the developer of the client can fix it.' }),
  })
  .meta({ id: 'ProblemExplanation' });

const indexRoute = defineRoute({
  id: 'readIndex',
  method: 'get',
  path: '/',
  tag,
  summary: 'Get the links of the API',
  description: 'A browser is redirected to the documentation. The links are URI references.',
  token: 'none',
  request: {},
  responses: {
    200: { description: 'The links to the API and its documentation.', schema: index, headers: varies },
    302: {
      description: 'For a client that prefers `text/html`.',
      headers: { Location: 'The documentation.', ...varies },
    },
  },
  problems: [],
});

const openApiRoute = defineRoute({
  id: 'readOpenApi',
  method: 'get',
  path: '/openapi.json',
  tag,
  summary: 'Get the OpenAPI document',
  token: 'none',
  request: { headers: z.object({ 'if-none-match': ifNoneMatch }) },
  responses: {
    200: { description: 'The OpenAPI 3.1 document.', schema: z.looseObject({ openapi: z.string() }), headers: etag },
    304: { description: 'The document still has the entity tag of `If-None-Match`.', headers: etag },
  },
  problems: [],
});

const pageRoute = defineRoute({
  id: 'readDocumentation',
  method: 'get',
  path: '/docs',
  tag,
  summary: 'Open the interactive documentation',
  token: 'none',
  request: {},
  responses: { 200: { description: 'The page.', schema: z.string(), contentType: 'text/html' } },
  problems: [],
});

const problemRoute = defineRoute({
  id: 'explainProblem',
  method: 'get',
  path: '/problems/{code}',
  tag,
  summary: 'Explain a problem',
  description: 'The `type` of a problem is a link to this operation.',
  token: 'none',
  request: { path: z.strictObject({ code: z.string().meta({ example: 'validation-failed' }) }) },
  responses: { 200: { description: 'The meaning of the problem, and how to fix it.', schema: explanation } },
  problems: ['not_found'],
});

export const documentationRoutes = [indexRoute, openApiRoute, pageRoute, problemRoute];

/**
 * @param version of this server
 * @param document returns the OpenAPI document, which includes these operations
 */
export function documentationOperations(version: string, document: () => object): Operation[] {
  let documentBody: StaticBody | undefined;
  return [
    implement(indexRoute, (_input, context) => {
      const supports = ['application/json', 'text/html'];
      const type = accepts(context, { header: 'Accept', supports, default: 'application/json' });
      const documentation = linkTo('/docs', context);
      if (type === 'text/html')
        return new Response(null, { status: 302, headers: { Location: documentation, ...vary } });
      const [openapi, api] = [linkTo('/openapi.json', context), linkTo('/api/v1', context)];
      return jsonResponse({ name: 'todo-api', version, documentation, openapi, api }, vary);
    }),
    implement(openApiRoute, ({ headers }) => {
      documentBody ??= staticBody(JSON.stringify(document()));
      return staticResponse(documentBody, { 'Content-Type': 'application/json' }, headers['if-none-match']);
    }),
    implement(pageRoute, (_input, context) =>
      context.html(page(context.get('placement').basePath), 200, { 'Content-Security-Policy': contentSecurityPolicy }),
    ),
    implement(problemRoute, ({ path }, context) => {
      const code = path.code.replaceAll('-', '_') as ProblemCode;
      if (!problemCodes.includes(code)) throw new ProblemError('not_found');
      const { status, title, detail, remedy } = catalogue[code];
      return jsonResponse({ type: publicPath(context, problemType(code)), code, status, title, detail, remedy });
    }),
  ];
}

/** An asset of the page, with its version in the URL. */
function versioned(basePath: string, name: keyof typeof assetBodies): string {
  return `${basePath}/docs/${name}?v=${versionOf(assetBodies[name]())}`;
}

const page = (basePath: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>todo-api</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${versioned(basePath, 'swagger-ui.css')}">
  </head>
  <body>
    <main id="documentation"></main>
    <script src="${versioned(basePath, 'swagger-ui-bundle.js')}"></script>
    <script src="${basePath}/docs/start.js"></script>
  </body>
</html>
`;

const start = (basePath: string) => `SwaggerUIBundle({
  url: '${basePath}/openapi.json',
  dom_id: '#documentation',
  deepLinking: true,
  validatorUrl: null,
});
`;

/** All resources come from this server. `unsafe-inline` is for Swagger UI's own styles. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** The build copies the assets to this directory. The path is the same from `src/` and from `dist/`. */
const assets = fileURLToPath(new URL('../../dist/assets/', import.meta.url));

/** One year: the page refers to each asset by its entity tag, so a changed asset has another URL. */
const unchanging = 'public, max-age=31536000, immutable';

/** Without the entity tag in the URL, clients ask whether the asset is still the same. */
const revalidated = 'no-cache';

/** The assets of the page, read at the first request. */
const assetBodies = {
  'swagger-ui.css': readOnce(() => readFileSync(`${assets}swagger-ui.css`)),
  'swagger-ui-bundle.js': readOnce(() => readFileSync(`${assets}swagger-ui-bundle.js`)),
};

function readOnce(read: () => Uint8Array): () => StaticBody {
  let body: StaticBody | undefined;
  return () => {
    body ??= staticBody(read());
    return body;
  };
}

function versionOf({ etag: tag }: StaticBody): string {
  return tag.replaceAll('"', '');
}

/** Registers the scripts and the style sheet of the page, which are not in the OpenAPI document. */
export function registerDocumentationAssets(register: RegisterHandlers): void {
  const script = 'text/javascript; charset=utf-8';
  serve('/docs/start.js', script, (context) => staticBody(start(context.get('placement').basePath)));
  serve('/docs/swagger-ui-bundle.js', script, assetBodies['swagger-ui-bundle.js']);
  serve('/docs/swagger-ui.css', 'text/css; charset=utf-8', assetBodies['swagger-ui.css']);

  function serve(path: string, type: string, bodyOf: (context: RequestContext) => StaticBody): void {
    register(path, {
      GET: (context) => {
        const body = bodyOf(context);
        const isVersioned = readQuery(context.req.url).v === versionOf(body);
        const headers = { 'Content-Type': type, 'Cache-Control': isVersioned ? unchanging : revalidated };
        const { data: tags } = ifNoneMatch.safeParse(headerOf(context, 'if-none-match'));
        return staticResponse(body, headers, tags);
      },
    });
  }
}
