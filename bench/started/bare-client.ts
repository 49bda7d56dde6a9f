import { openLeanSocket } from "../../core/client/index.ts";
import { socketPath } from "../../core/server/transport/transport.ts";
import { writeUint32 } from "../../core/wire/bytes.ts";

/** A client of a server that only passes messages on. */
export interface BareClient {
  publish(group: number, frame: Uint8Array): void;
  close(): void;
}

/** Connects a client that receives the messages of these groups. */
export type ConnectBare = (
  port: number,
  groups: readonly number[],
  received: (frame: Uint8Array) => void,
) => Promise<BareClient>;

/** Connects to a bare WebSocket server: see `bare-server.ts`. */
export const connectBareSocket: ConnectBare = (port, groups, received) =>
  new Promise((resolve, reject) => {
    const socket = openLeanSocket(`ws://127.0.0.1:${port}${socketPath}`, {
      opened() {
        for (const group of groups) {
          const frame = new Uint8Array(4);
          writeUint32(frame, 0, group);
          socket.send(frame);
        }
        resolve({ publish: (_, frame) => socket.send(frame), close: () => socket.close() });
      },
      received,
      closed: (_code, reason) => reject(new Error(`a bare server's socket ended: ${reason}`)),
    });
  });
