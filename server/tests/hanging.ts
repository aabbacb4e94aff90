import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be made to hang: connections are taken and stay open, and nothing comes back any more. */
export async function openHangingWay(host: string, port: number) {
  const sockets = new Set<Socket>();
  const hangs: (() => void)[] = [];
  let isHanging = false;
  const server = createServer((near) => {
    const far = connect(port, host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
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
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
