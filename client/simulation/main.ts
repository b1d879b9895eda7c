/** Command of the simulation: `npm run simulate -- --steps N --seed S [--server app]`. */
import { parseArgs } from 'node:util';
import { SimulationFailure, simulate } from './run.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    lines: { type: 'string', default: '0' },
    server: { type: 'string', default: 'model' },
  },
});

const seed = Number(values.seed);
console.log(`seed ${seed}`);
// The model needs no part of the application.
const app = values.server === 'app' ? await (await import('./app-server.ts')).startApp() : undefined;
try {
  const startedAt = performance.now();
  const { steps, worlds, trace, counts } = await simulate(seed, Number(values.steps), {
    keepLines: Number(values.lines),
    ...(app && { createServer: app.createServer }),
  });
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`${steps} steps in ${worlds} worlds without a violation, ${seconds.toFixed(1)} s, trace ${trace >>> 0}`);
  console.log(counts);
} catch (error) {
  if (!(error instanceof SimulationFailure)) throw error;
  for (const line of error.lines) console.error(line);
  console.error(error.message);
  console.error(error.cause);
  process.exitCode = 1;
} finally {
  await app?.close();
}
