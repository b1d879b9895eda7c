/** Pages of the application: where links in e-mails and redirects may lead. */
import { type FieldError, validationFailed } from '../../problems/problem.ts';

export interface Pages {
  /** The default page. */
  readonly home: URL;
  /**
   * The page that a request names, or the default one. A path belongs to the origin of the default page.
   *
   * @param place the part and the name of the field
   * @throws ProblemError 422 for a page of another origin, to which a link must not send a token
   */
  pageOf(value: unknown, place: Pick<FieldError, 'in' | 'pointer'>): URL;
}

/**
 * @param appUrl the default page
 * @param origins the origins that may have other pages, besides that of the default page
 */
export function createPages(appUrl: string, origins: readonly string[]): Pages {
  const allowed = new Set([originOf(new URL(appUrl)), ...origins]);
  const home = new URL(appUrl);
  return {
    home,
    pageOf(value, place) {
      if (value === undefined) return home;
      const page = typeof value === 'string' && URL.canParse(value, appUrl) ? new URL(value, appUrl) : null;
      if (page && allowed.has(originOf(page)) && page.username === '' && page.password === '') return page;
      throw validationFailed([
        { ...place, message: 'is a page of an origin that is not allowed. Add the origin to CORS_ORIGINS' },
      ]);
    },
  };
}

/** `URL.origin` is "null" for the schemes of native applications, and that of the inner URL for `blob:`. */
function originOf({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}
