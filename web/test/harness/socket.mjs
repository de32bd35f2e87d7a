/**
 * The server's half of a WebSocket (RFC 6455), text messages only and no fragments: enough for a
 * page of ours to talk to the mock, and no dependency.
 */
import { createHash } from 'node:crypto';

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** @typedef {{ send(message: object): void, close(): void }} Socket */

/**
 * Takes an upgrade over.
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:stream').Duplex} stream
 * @param {(socket: Socket, message: any) => void} hear
 */
export function accept(request, stream, hear) {
  const key = request.headers['sec-websocket-key'] ?? '';
  const answer = createHash('sha1')
    .update(key + MAGIC)
    .digest('base64');
  stream.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${answer}\r\n\r\n`,
  );
  const socket = {
    send: (/** @type {object} */ message) => stream.write(frame(JSON.stringify(message))),
    close: () => stream.destroy(),
  };
  let pending = Buffer.alloc(0);
  stream.on('data', (data) => {
    pending = Buffer.concat([pending, data]);
    for (let read = unframe(pending); read; read = unframe(pending)) {
      pending = pending.subarray(read.length);
      if (read.opcode === 8) stream.end();
      if (read.opcode === 1) hear(socket, JSON.parse(read.text));
    }
  });
  stream.on('error', () => stream.destroy());
  return socket;
}

/** @param {string} text */
function frame(text) {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? Buffer.from([0x81, payload.length])
      : Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, payload]);
}

/** @param {Buffer} data */
function unframe(data) {
  if (data.length < 2) return undefined;
  const short = (data[1] ?? 0) & 127;
  const size = short === 126 ? data.readUInt16BE(2) : short;
  const start = short === 126 ? 4 : 2;
  const length = start + 4 + size;
  if (data.length < length) return undefined;
  const mask = data.subarray(start, start + 4);
  const payload = data.subarray(start + 4, length).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return { opcode: (data[0] ?? 0) & 15, text: Buffer.from(payload).toString(), length };
}
