/** Counts what a server has done: plain numbers, so that counting costs nothing on the hot path. `/metrics` shows them. */
export class Counters {
  /** Messages taken in from clients. */
  sends = 0;
  /** Messages acknowledged. */
  acknowledged = 0;
  /** Messages handed to local sockets: a message counts once for each receiver. */
  deliveries = 0;
  /** Messages sent to other servers: a message counts once for each server. */
  crossServerCopies = 0;
  /** Refused SENDs by code. */
  readonly rejects = new Map<string, number>();
  /** Connections that were cut off because they did not read. */
  slowConsumers = 0;
  logins = 0;
  resumes = 0;
  /** Groups in which the sweep found lost messages. */
  sweepRepairs = 0;

  rejected(code: string): void {
    this.rejects.set(code, (this.rejects.get(code) ?? 0) + 1);
  }
}
