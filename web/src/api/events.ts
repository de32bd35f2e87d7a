/** Reads `text/event-stream` from an answer's body (HTML standard, section 9.2.6): for a POST, which no EventSource sends. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** The events in a stretch of text, and what is left of one that has not ended yet. Pure. */
export function cut(text: string): readonly [ServerEvent[], string] {
  const blocks = text.replaceAll('\r\n', '\n').split('\n\n');
  const rest = blocks.pop() ?? '';
  return [blocks.map(readBlock).filter((one) => one !== undefined), rest];
}

function readBlock(block: string): ServerEvent | undefined {
  const lines = block.split('\n');
  const values = (field: string) =>
    lines
      .filter((line) => line.startsWith(`${field}:`))
      .map((line) => line.slice(field.length + 1).replace(/^ /, ''));
  const data = values('data');
  if (data.length === 0) return undefined;
  return { event: values('event').at(-1) ?? 'message', data: data.join('\n') };
}

/** The events of a body, one after the other. */
export async function* events(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const [found, left] = cut(rest + value);
    rest = left;
    yield* found;
  }
}
