import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A way to a server that can be made to hang: connections are taken and stay open, and nothing comes back any more. Or to forget those
 * on which some words were said, as a firewall does: they stay open too, and carry nothing any more; new ones do.
 */
export async function openHangingWay(host: string, port: number) {
  const sockets = new Set<Socket>();
  const hangs: (() => void)[] = [];
  const said: { words: string; forget: () => void }[] = [];
  let isHanging = false;
  const server = createServer((near) => {
    const far = connect(port, host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    const connection = {
      words: '',
      forget() {
        near.unpipe(far).resume();
        far.unpipe(near).resume();
      },
    };
    said.push(connection);
    near.on('data', (chunk) => (connection.words += chunk));
    near.pipe(far);
    if (isHanging) return;
    far.pipe(near);
    hangs.push(() => far.unpipe(near));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hang() {
      isHanging = true;
      for (const hang of hangs) hang();
    },
    forget(words: string) {
      for (const connection of said) if (connection.words.includes(words)) connection.forget();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
