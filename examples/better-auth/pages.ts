/** Pages of the application. `html` escapes the values in its templates. */
import { html } from 'hono/html';

type Html = ReturnType<typeof html>;

export function page(content: Html): Html {
  return html`<!doctype html><html lang="en"><meta charset="utf-8"><title>Tasks</title><body>${content}</body></html>`;
}

/** Better Auth expects JSON, so a script sends the form. */
export function signUpForm(): Html {
  return html`<form>
      <input name="name" placeholder="Name" required>
      <input name="email" type="email" placeholder="E-mail" required>
      <input name="password" type="password" placeholder="Password" minlength="8" required>
      <button>Sign up</button>
    </form>
    <script>
      document.querySelector('form').onsubmit = async (event) => {
        event.preventDefault();
        const response = await fetch('/api/auth/sign-up/email', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(Object.fromEntries(new FormData(event.target))),
        });
        if (response.ok) location.reload();
        else alert((await response.json()).message);
      };
    </script>`;
}

/** The page that the server renders with the tasks of the user. */
export function taskList(name: string, tasks: readonly { title: string; status: string }[]): Html {
  return html`<h1>Tasks of ${name}</h1>
    <ul>${tasks.map(({ title, status }) => html`<li>${title} (${status})</li>`)}</ul>
    <form method="post" action="/tasks"><input name="title" required><button>Add</button></form>`;
}

/** The page whose script calls the API. The API lists this application in CORS_ORIGINS. */
export function taskScript(apiUrl: string): Html {
  return html`<ul data-api="${apiUrl}"></ul>
    <script>
      (async () => {
        const list = document.querySelector('ul');
        const { token } = await (await fetch('/api/auth/token')).json();
        const headers = { Authorization: 'Bearer ' + token };
        const tasks = await (await fetch(list.dataset.api + '/api/v1/tasks', { headers })).json();
        for (const { title } of tasks) {
          const item = document.createElement('li');
          item.textContent = title;
          list.append(item);
        }
      })();
    </script>`;
}
