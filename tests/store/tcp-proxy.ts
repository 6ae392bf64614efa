import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server's stand-in on a port of its own, which can hang, vanish or refuse while the real server runs on. */
export interface TcpProxy {
  readonly port: number;
  /** Nothing is forwarded any more, on open connections and on new ones: a server that hangs. */
  freeze(): void;
  /** Goes on with what was held back. */
  thaw(): void;
  /** Open connections hang for ever, new ones work: a firewall that has forgotten them. */
  forgetOpenConnections(): void;
  /** The server's side of open connections ends, and what clients send on them is taken and lost; new ones work. */
  halfClose(): void;
  /** Answers arrive byte by byte with that pause in between, on open connections and on new ones; 0: as they come. */
  drip(everyMs: number): void;
  /** One in that many pieces of answers is cut in its middle, and its connection is reset; 0: none. */
  cutOneIn(pieces: number): void;
  /** Open connections are reset, new ones refused: a server that was stopped. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  /** What arrives waits, or leads nowhere. */
  state: 'open' | 'held' | 'lost';
}

export async function openTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let isFrozen = false;
  let dripMs = 0;
  let cutPieces = 0;
  let pieces = 0;
  let server: Server | undefined;

  function accept(client: Socket): void {
    const pair: Pair = {
      client,
      upstream: connect(target.port, target.host),
      state: isFrozen ? 'held' : 'open',
    };
    pairs.add(pair);
    void forward(pair, client, async (piece) => void pair.upstream.write(piece));
    void forward(pair, pair.upstream, (piece) => answer(client, piece));
  }

  async function forward(pair: Pair, from: Socket, send: (piece: Buffer) => Promise<void>): Promise<void> {
    from.on('error', () => {});
    try {
      for await (const piece of from) {
        while (pair.state === 'held' && !from.destroyed) await sleep(2);
        if (pair.state === 'open') await send(piece);
      }
    } catch {}
    pair.client.destroy();
    pair.upstream.destroy();
    pairs.delete(pair);
  }

  async function answer(client: Socket, piece: Buffer): Promise<void> {
    pieces += 1;
    if (cutPieces > 0 && pieces % cutPieces === 0) {
      await new Promise((resolve) => client.write(piece.subarray(0, piece.length >> 1), resolve));
      client.resetAndDestroy();
      return;
    }
    let sent = 0;
    for (; dripMs > 0 && sent < piece.length && !client.destroyed; sent += 1) {
      client.write(piece.subarray(sent, sent + 1));
      await sleep(dripMs);
    }
    client.write(piece.subarray(sent));
  }

  function listen(port: number): Promise<number> {
    return new Promise((resolve) => {
      const opened = createServer({ allowHalfOpen: true, noDelay: true }, accept);
      server = opened;
      opened.listen(port, '127.0.0.1', () => {
        const address = opened.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  async function stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const { client, upstream } of pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
    pairs.clear();
    await closed;
  }

  function change(state: Pair['state'], from: Pair['state'] = 'open'): void {
    for (const pair of pairs) if (pair.state === from) pair.state = state;
  }

  const port = await listen(0);
  return {
    port,
    freeze() {
      isFrozen = true;
      change('held');
    },
    thaw() {
      isFrozen = false;
      change('open', 'held');
    },
    forgetOpenConnections: () => change('lost'),
    halfClose() {
      change('lost');
      for (const { client } of pairs) client.end();
    },
    drip(everyMs) {
      dripMs = everyMs;
    },
    cutOneIn(count) {
      cutPieces = count;
    },
    stop,
    restart: async () => void (await listen(port)),
    close: stop,
  };
}
