/** Real proxies in front of the server: nginx and HAProxy, with a configuration per test. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface RunningProxy {
  stop(): Promise<void>;
}

/** Whether a program is installed; the argument prints its version. */
export function isInstalled(program: string, argument: string): boolean {
  return spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;
}

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
  /** A file with certificate and key, as HAProxy requires. */
  readonly pem: string;
}

/** A self-signed certificate for this machine, in a folder. */
export function makeCertificate(folder: string): Certificate {
  const [certificate, key, pem] = ['certificate.pem', 'key.pem', 'both.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key];
  execFileSync('openssl', ['req', '-x509', ...newKey, ...subject, '-out', certificate], { stdio: 'ignore' });
  writeFileSync(pem, `${readFileSync(certificate, 'utf8')}${readFileSync(key, 'utf8')}`, { mode: 0o600 });
  return { certificate, key, pem };
}

/** Starts nginx with these contents of its `http` block, and waits until it listens on all these ports. */
export function startNginx(http: string, ports: readonly number[]): Promise<RunningProxy> {
  return start(ports, (folder) => {
    const file = join(folder, 'nginx.conf');
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    writeFileSync(
      file,
      `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  ${http}
}
`,
    );
    return ['nginx', '-p', folder, '-c', file];
  });
}

/** Starts HAProxy with this configuration, and waits until it listens on all these ports. */
export function startHaproxy(configuration: string, ports: readonly number[]): Promise<RunningProxy> {
  return start(ports, (folder) => {
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, configuration);
    return ['haproxy', '-db', '-f', file];
  });
}

async function start(ports: readonly number[], prepare: (folder: string) => string[]): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'todo-api-proxy-'));
  const [program = '', ...words] = prepare(folder);
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + 20_000; ; await delay(20)) {
    if ((await Promise.all(ports.map(isListening))).every(Boolean)) return { stop };
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`${program} did not start:\n${output}`);
    }
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
