/** Whether a connection writes times as `types.ts` reads them, which PostgreSQL says of itself. */
import type { EventEmitter } from 'node:events';
import type pg from 'pg';

/** Of the two settings that it depends on, with their names. */
type TimeStyle = Record<'TimeZone' | 'DateStyle', string>;

const timeStyles = new WeakMap<pg.ClientBase, TimeStyle>();

const zonesOfUtc = new Set(['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT']);

/**
 * From then on `writesUtc` can tell. The settings are reported when the connection is made and whenever they change
 * (PostgreSQL manual, "Asynchronous Operations" in the section "Message Flow" of the chapter on the protocol).
 */
export function watchTimeStyle(client: pg.ClientBase): void {
  const style: TimeStyle = { TimeZone: '', DateStyle: '' };
  timeStyles.set(client, style);
  (client as unknown as { connection: EventEmitter }).connection.on(
    'parameterStatus',
    ({ parameterName: name, parameterValue: value }: { parameterName: string; parameterValue: string }) => {
      if (name === 'TimeZone' || name === 'DateStyle') style[name] = value;
    },
  );
}

export function writesUtc(client: pg.ClientBase): boolean {
  const style = timeStyles.get(client);
  return style !== undefined && zonesOfUtc.has(style.TimeZone) && style.DateStyle.startsWith('ISO');
}
