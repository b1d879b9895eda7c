/** Parser of event streams (HTML standard, section 9.2.6 "Interpreting an event stream"). */

export interface ServerSentEvent {
  /** `message` by default. */
  readonly event: string;
  readonly data: string;
  /** Milliseconds before the next connection, if the stream has set them. */
  readonly retry: number | undefined;
}

/**
 * The returned function takes the next piece of the text, cut anywhere, and returns the events that it completes. A
 * `TextDecoder` removes the byte order mark. An event that the end of the stream cuts off is lost, as the standard demands.
 * Ids are ignored, because each page of changes has its cursor.
 */
export function createEventParser(): (text: string) => ServerSentEvent[] {
  let line = '';
  let afterCarriageReturn = false;
  let event = '';
  let data = '';
  let retry: number | undefined;

  const fields: Readonly<Record<string, (value: string) => void>> = {
    event: (value) => {
      event = value;
    },
    data: (value) => {
      data += `${value}\n`;
    },
    retry: (value) => {
      if (/^\d+$/.test(value)) retry = Number(value);
    },
  };

  function completed(): ServerSentEvent[] {
    const found = data ? [{ event: event || 'message', data: data.slice(0, -1), retry }] : [];
    event = '';
    data = '';
    return found;
  }

  function processed(text: string): ServerSentEvent[] {
    if (text === '') return completed();
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(text) ?? [];
    if (Object.hasOwn(fields, name)) fields[name]?.(value);
    return [];
  }

  return (text) => {
    if (text === '') return [];
    // A line ends at CR, LF or CRLF. A CRLF can be cut in two.
    const rest = afterCarriageReturn && text.startsWith('\n') ? text.slice(1) : text;
    afterCarriageReturn = text.endsWith('\r');
    const lines = rest.split(/\r\n|\r|\n/);
    lines[0] = line + lines[0];
    line = lines.pop() as string;
    return lines.flatMap(processed);
  };
}
