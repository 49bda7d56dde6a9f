/** A socket that `TurnWrites` writes to. */
export interface TurnSocket {
  /** What this turn has for it so far; undefined at first, and `TurnWrites`' to set. */
  queued: FrameRun | undefined;
  /** Takes the bytes; other sockets get the same buffer, so nobody may write to it. */
  write(bytes: Buffer): void;
}

/** From here on a socket's bytes are written although the turn has not ended: merging copies them. */
const runBytesMax = 64 * 1024;

/**
 * Gives each socket one write for all frames that one turn of the event loop has for it.
 *
 * Sockets that get the same frames in the same order, as the members of a group do, share the list of them and the buffer
 * that they are merged into: what a turn costs for each further member is one write of a buffer that is there.
 */
export class TurnWrites {
  #sockets: TurnSocket[] = [];
  /** The run of one frame that was begun last. */
  #first: FrameRun | undefined;

  /** Puts a frame behind what waits for this socket. The frame must not change any more. */
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

  /** Writes what waits for this socket now. */
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

/** Frames one behind the other, as a list that begins with the last and that many sockets can share. */
export class FrameRun {
  readonly frame: Buffer;
  /** Of all frames together. */
  readonly bytes: number;
  /** The run that is longer by the frame that was added last. */
  follower: FrameRun | undefined;
  readonly #before: FrameRun | undefined;
  #merged: Buffer | undefined;

  constructor(before: FrameRun | undefined, frame: Buffer) {
    this.#before = before;
    this.frame = frame;
    this.bytes = (before?.bytes ?? 0) + frame.length;
  }

  /** All frames in one buffer, made when it is asked for first. */
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
