/** The endpoints for the sign-in with Google and GitHub. They exist if a provider is configured. */
import { z } from 'zod';
import { socialProviders } from '../../config/config.ts';
import { text } from '../../http/request/text.ts';
import { get, type IssuerDescription, post, url } from './operation.ts';

const page = url.optional().meta({
  description: 'A page of an allowed origin. The browser returns to it with a session cookie. Default: `APP_URL`.',
});

const newUserPage = url.optional().meta({
  description: 'A page of an allowed origin, for a new user instead of `callbackURL`. Default: `callbackURL`.',
});

const errorPage = url.optional().meta({
  description:
    'A page of an allowed origin, to which the browser returns with the parameter `error`. Default: `APP_URL`.',
});

const redirection = z.strictObject({ url: z.string(), redirect: z.boolean() }).meta({
  id: 'SocialSignInResponse',
  description: 'The page of the provider that the browser opens.',
});

/** The parameters of RFC 6749, sections 4.1.2 and 4.1.2.1, and of RFC 9207. */
const callback = z.strictObject({
  state: text(512).optional(),
  code: text(2048).optional(),
  error: text(512).optional(),
  error_description: text(2048).optional(),
  iss: text(512).optional(),
});

export const socialDescriptions: readonly IssuerDescription[] = [
  post('signInSocial', '/sign-in/social', 'Begin to sign in with Google or GitHub', {
    needs: 'social',
    token: 'none',
    body: z
      .strictObject({
        provider: z.enum(socialProviders).meta({ id: 'SocialProvider' }),
        callbackURL: page,
        newUserCallbackURL: newUserPage,
        errorCallbackURL: errorPage,
        disableRedirect: z.boolean().optional(),
      })
      .meta({ id: 'SocialSignInRequest', examples: [{ provider: 'github' }] }),
    response: {
      description: 'The sign-in has begun.',
      schema: redirection,
      headers: { 'Set-Cookie': 'Binds the sign-in to this browser.' },
    },
  }),
  ...socialProviders.map((provider) =>
    get(`${provider}Callback`, `/callback/${provider}`, 'Return from the page of the provider', {
      needs: provider,
      token: 'none',
      query: callback,
      status: 302,
      response: {
        description: 'A redirect to the page of the application: signed in, or with the parameter `error`.',
        headers: { Location: 'The page of the application.' },
      },
      problems: ['identity_provider_unavailable'],
    }),
  ),
];
