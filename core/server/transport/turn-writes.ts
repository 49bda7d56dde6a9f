/** A socket that `TurnWrites` writes to. */
export interface TurnSocket {
  /** The frames that this turn has for the socket so far; undefined at first. `TurnWrites` sets it. */
  queued: FrameRun | undefined;
  /** Writes the bytes to the socket. Other sockets get the same buffer, so it must not be changed. */
  write(bytes: Buffer): void;
}

/** A socket's bytes are written before the turn ends when there are this many: merging copies them. */
const runBytesMax = 64 * 1024;

/**
 * Gives each socket one write for all frames that one turn of the event loop has for it.
 *
 * Sockets that get the same frames in the same order, as the members of a group do, share the list of these frames and the
 * buffer into which they are merged: each further member costs one write of an existing buffer.
 */
export class TurnWrites {
  #sockets: TurnSocket[] = [];
  /** The latest run of a single frame. */
  #first: FrameRun | undefined;

  /** Adds a frame to those that wait for this socket. The frame must not change any more. */
  add(socket: TurnSocket, frame: Buffer): void {
    const before = socket.queued;
    const known = before ? before.follower : this.#first;
    const run = known?.frame === frame ? known : new FrameRun(before, frame);
    if (before) before.follower = run;
    else this.#first = run;
    socket.queued = run;
    if (!before) this.#wait(socket);
    if (run.bytes >= runBytesMax) this.flush(socket);
  }

  /** Writes the frames that wait for this socket now. */
  flush(socket: TurnSocket): void {
    const run = socket.queued;
    socket.queued = undefined;
    if (run) socket.write(run.merged());
  }

  #wait(socket: TurnSocket): void {
    if (this.#sockets.length === 0) setImmediate(() => this.#endTurn());
    this.#sockets.push(socket);
  }

  #endTurn(): void {
    const sockets = this.#sockets;
    this.#sockets = [];
    this.#first = undefined;
    for (const socket of sockets) this.flush(socket);
  }
}

/** A sequence of frames, as a list that is linked from its last frame backwards, so that many sockets can share it. */
export class FrameRun {
  readonly frame: Buffer;
  /** The bytes of all frames together. */
  readonly bytes: number;
  /** The latest run that has one frame more than this. */
  follower: FrameRun | undefined;
  readonly #before: FrameRun | undefined;
  #merged: Buffer | undefined;

  constructor(before: FrameRun | undefined, frame: Buffer) {
    this.#before = before;
    this.frame = frame;
    this.bytes = (before?.bytes ?? 0) + frame.length;
  }

  /** All frames in one buffer, which is made at the first call. */
  merged(): Buffer {
    if (!this.#before) return this.frame;
    this.#merged ??= this.#merge();
    return this.#merged;
  }

  #merge(): Buffer {
    const merged = Buffer.allocUnsafe(this.bytes);
    let end = this.bytes - this.frame.length;
    merged.set(this.frame, end);
    for (let run = this.#before; run; run = run.#before) {
      end -= run.frame.length;
      merged.set(run.frame, end);
    }
    return merged;
  }
}
