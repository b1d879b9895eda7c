/** A headless Chromium, controlled by the DevTools protocol over two pipes. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';

export interface Browser {
  /** Opens a page, in the profile that the pages of a browser share. */
  openPage(url: string): Promise<Page>;
}

export interface Page {
  /** Sends a command of the DevTools protocol for this page. */
  send(method: string, params: object): Promise<any>;
  /** Loads the page again. */
  reload(): Promise<void>;
  close(): Promise<void>;
  /** Evaluates an expression in the page and awaits its promise. Throws if it rejects. */
  evaluate(expression: string): Promise<any>;
}

const flags = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  '--remote-debugging-pipe',
];

/** Opens a page in a new browser, which is closed at the end of the test. */
export function openPage(url: string): Promise<Page> {
  return startBrowser().openPage(url);
}

/** Starts a browser with a new profile. It ends at the end of the test. */
export function startBrowser(): Browser {
  const profile = mkdtempSync(join(tmpdir(), 'todo-api-browser-'));
  const words = [...flags, `--user-data-dir=${profile}`, 'about:blank'];
  const browser = spawn('chromium', words, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true });
  const ended = new Promise((resolve) => browser.once('close', resolve));
  onTestFinished(async () => {
    try {
      // Chromium has child processes.
      process.kill(-(browser.pid as number), 'SIGKILL');
    } catch {
      // It has already ended.
    }
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  });
  const { send, happens } = protocol(browser.stdio[3] as Writable, browser.stdio[4] as Readable);
  return {
    async openPage(url) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
      const sendToPage = (method: string, params: object) => send(method, params, sessionId);
      const load = async (method: string, params: object) => {
        const loaded = happens('Page.loadEventFired');
        await sendToPage(method, params);
        await loaded;
      };
      await sendToPage('Page.enable', {});
      await load('Page.navigate', { url });
      return {
        send: sendToPage,
        reload: () => load('Page.reload', {}),
        close: () => send('Target.closeTarget', { targetId }),
        async evaluate(expression) {
          const parameters = { expression, awaitPromise: true, returnByValue: true };
          const { result, exceptionDetails } = await sendToPage('Runtime.evaluate', parameters);
          if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
          return result.value;
        },
      };
    },
  };
}

interface Protocol {
  send(method: string, params: object, sessionId?: string): Promise<any>;
  /** Resolves with the next event of this name. */
  happens(event: string): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Messages are JSON, terminated by a zero byte. */
function protocol(input: Writable, output: Readable): Protocol {
  const waiting = new Map<number | string, (message: Message) => void>();
  let received = '';
  output.setEncoding('utf8').on('data', (chunk: string) => {
    const messages = `${received}${chunk}`.split('\0');
    received = messages.pop() ?? '';
    for (const message of messages.map((text) => JSON.parse(text) as Message)) {
      waiting.get(message.id ?? message.method ?? '')?.(message);
    }
  });
  let id = 0;
  return {
    send: (method, params, sessionId) =>
      new Promise((resolve, reject) => {
        id += 1;
        waiting.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result)));
        input.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
      }),
    happens: (event) => new Promise((resolve) => waiting.set(event, () => resolve())),
  };
}
