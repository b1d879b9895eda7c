/** Entry of the application: the tasks of the signed-in user, or the form to sign in. */
import { createRoot } from 'react-dom/client';
import { auth, openStore } from './api.ts';
import { SignIn } from './sign-in.tsx';
import { TaskPage } from './task-page.tsx';

/** The id of the user is kept, because the application also starts without a connection. */
const key = 'todo-user-id';

const root = createRoot(document.getElementById('app') as HTMLElement);
const userId = localStorage.getItem(key);

function signedIn(id: string): void {
  localStorage.setItem(key, id);
  location.reload();
}

// Another tab has signed in or out.
addEventListener('storage', (event) => {
  if (event.key === key) location.reload();
});

if (userId === null) {
  root.render(<SignIn onSignedIn={signedIn} />);
} else {
  const store = await openStore(userId);
  const signOut = async () => {
    await auth.signOut();
    await store.erase();
    localStorage.removeItem(key);
    location.reload();
  };
  root.render(<TaskPage store={store} onSignedIn={signedIn} onSignOut={signOut} />);
}
