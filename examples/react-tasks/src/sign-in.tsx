/** Form to sign in or up with an e-mail address and a password. */
import { useActionState } from 'react';
import { auth } from './api.ts';

interface Props {
  readonly onSignedIn: (userId: string) => void;
}

export function SignIn({ onSignedIn }: Props) {
  const [problem, submit, isPending] = useActionState<string | null, FormData>(async (_, form) => {
    const account = { email: String(form.get('email')), password: String(form.get('password')) };
    const answer = form.has('signUp')
      ? auth.signUp.email({ ...account, name: account.email })
      : auth.signIn.email(account);
    // Without a connection, the promise rejects with the error of `fetch`.
    const { data, error } = await answer.catch((failure: Error) => ({ data: null, error: failure }));
    if (!data) return error?.message ?? 'The server has refused the request.';
    onSignedIn(data.user.id);
    return null;
  }, null);
  return (
    <form id="sign-in" action={submit}>
      <label>
        E-mail <input name="email" type="email" autoComplete="username" required />
      </label>
      <label>
        Password <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <label>
        <input name="signUp" type="checkbox" /> New account
      </label>
      <button type="submit" disabled={isPending}>
        Continue
      </button>
      {problem !== null && <p role="alert">{problem}</p>}
    </form>
  );
}
