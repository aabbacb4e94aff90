import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One request of a load: path below the host, and the token it carries. */
export interface LoadRequest {
  readonly path: string;
  readonly token: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** An answer, read whole. */
export interface LoadAnswer {
  readonly status: number;
  readonly body: string;
  readonly milliseconds: number;
}

/**
 * One keep-alive connection that sends one request at a time. It reads just enough HTTP to know where an answer ends, so that
 * measuring leaves the processor to what is measured.
 */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #length = 0;
  #expected = 0;
  #sentAt = 0;
  #settle: ((answer: LoadAnswer | Error) => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#finish(error));
    socket.on('close', () => this.#finish(new Error('the server closed the connection')));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Connection(socket);
  }

  send({ method = 'GET', path, token, body }: LoadRequest): Promise<LoadAnswer> {
    const payload = body === undefined ? '' : JSON.stringify(body);
    const content = payload
      ? `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(payload)}\r\n`
      : '';
    const authorization = token ? `Authorization: Bearer ${token}\r\n` : '';
    return new Promise((resolve, reject) => {
      this.#settle = (answer) => (answer instanceof Error ? reject(answer) : resolve(answer));
      this.#sentAt = performance.now();
      this.#socket.write(
        `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: application/json\r\nAccept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n${authorization}${content}\r\n${payload}`,
      );
    });
  }

  close(): void {
    this.#settle = null;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#length += chunk.length;
    if (this.#expected === 0) {
      const head = this.#received.length === 1 ? chunk : Buffer.concat(this.#received);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = /\r\ncontent-length: (\d+)/i.exec(head.toString('latin1', 0, end + 2));
      this.#expected = end + 4 + Number(length?.[1] ?? 0);
    }
    if (this.#length < this.#expected) return;
    const whole = this.#received.length === 1 ? chunk : Buffer.concat(this.#received);
    const status = Number(whole.toString('latin1', 9, 12));
    const body = whole.toString('utf8', whole.indexOf('\r\n\r\n') + 4, this.#expected);
    this.#received = [];
    this.#length = 0;
    this.#expected = 0;
    this.#finish({ status, body, milliseconds: performance.now() - this.#sentAt });
  }

  #finish(answer: LoadAnswer | Error): void {
    const settle = this.#settle;
    this.#settle = null;
    settle?.(answer);
  }
}

/** How a round went. */
export interface Round {
  readonly perSecond: number;
  /** Times of the requests in milliseconds, in ascending order. */
  readonly milliseconds: readonly number[];
}

/** Sends `requests` over `connections` at once, each sending its next request when the last was answered. Throws on any answer but 200. */
export async function sendAll(
  port: number,
  requests: (index: number) => LoadRequest,
  count: number,
  connections: number,
): Promise<Round> {
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)));
  const milliseconds: number[] = [];
  let next = 0;
  const started = performance.now();
  try {
    await Promise.all(
      open.map(async (connection) => {
        while (next < count) {
          const answer = await connection.send(requests(next++));
          if (answer.status !== 200) throw new Error(`status ${answer.status}: ${answer.body.slice(0, 300)}`);
          milliseconds.push(answer.milliseconds);
        }
      }),
    );
  } finally {
    for (const connection of open) connection.close();
  }
  const seconds = (performance.now() - started) / 1000;
  return { perSecond: count / seconds, milliseconds: milliseconds.sort((a, b) => a - b) };
}

/** Asks once, over a connection of its own. */
export async function ask(port: number, request: LoadRequest): Promise<LoadAnswer> {
  const connection = await Connection.open(port);
  try {
    return await connection.send(request);
  } finally {
    connection.close();
  }
}
