/** Pages for sign-in and consent. Their scripts send the query of the page back, which Better Auth has signed. */
import { html } from 'hono/html';

type Html = ReturnType<typeof html>;

function page(content: Html): Html {
  return html`<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title><body>${content}
    <script>
      document.querySelector('form').onsubmit = async (event) => {
        event.preventDefault();
        const { action, path } = event.submitter.dataset;
        const fields = action ? JSON.parse(action) : Object.fromEntries(new FormData(event.target));
        const response = await fetch('/api/auth/' + path, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
          body: JSON.stringify({ ...fields, oauth_query: location.search.slice(1) }),
        });
        const answer = await response.json();
        if (response.ok) location.assign(answer.url ?? answer.redirect_uri);
        else alert(answer.message);
      };
    </script></body></html>`;
}

export function signInPage(): Html {
  return page(html`<form>
      <input name="name" placeholder="Name" required>
      <input name="email" type="email" placeholder="E-mail" required>
      <input name="password" type="password" placeholder="Password" minlength="8" required>
      <button data-path="sign-up/email">Sign up</button>
      <button data-path="sign-in/email">Sign in</button>
    </form>`);
}

/** @param scope what the assistant asks for */
export function consentPage(scope: string): Html {
  return page(html`<form>
      <p>An AI assistant asks for access to your tasks: ${scope}</p>
      <button data-path="oauth2/consent" data-action='{"accept":true}'>Allow</button>
      <button data-path="oauth2/consent" data-action='{"accept":false}'>Deny</button>
    </form>`);
}
