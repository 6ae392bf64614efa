import { connect, createServer, type Server, type Socket } from 'node:net';

/** A server's stand-in on a port of its own, which can hang, vanish or refuse while the real server runs on. */
export interface TcpProxy {
  readonly port: number;
  /** Nothing is forwarded any more, on open connections and on new ones: a server that hangs. */
  freeze(): void;
  /** Goes on with what was held back. */
  thaw(): void;
  /** Open connections hang for ever, new ones work: a firewall that has forgotten them. */
  forgetOpenConnections(): void;
  /** Open connections are reset, new ones refused: a server that was stopped. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function openTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isFrozen = false;
  let server: Server | undefined;

  function accept(client: Socket): void {
    const upstream = connect(target.port, target.host);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
      from.pipe(to);
    }
    if (isFrozen) hold(pair);
  }

  function hold(pair: readonly [Socket, Socket]): void {
    const [client, upstream] = pair;
    client.unpipe(upstream);
    upstream.unpipe(client);
    client.pause();
    upstream.pause();
  }

  function listen(port: number): Promise<number> {
    return new Promise((resolve) => {
      const opened = createServer(accept);
      server = opened;
      opened.listen(port, '127.0.0.1', () => {
        const address = opened.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  async function stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
    pairs.clear();
    await closed;
  }

  const port = await listen(0);
  return {
    port,
    freeze() {
      isFrozen = true;
      for (const pair of pairs) hold(pair);
    },
    thaw() {
      isFrozen = false;
      for (const [client, upstream] of pairs) {
        client.pipe(upstream);
        upstream.pipe(client);
      }
    },
    forgetOpenConnections() {
      for (const pair of pairs) hold(pair);
    },
    stop,
    restart: async () => void (await listen(port)),
    close: stop,
  };
}
