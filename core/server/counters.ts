/**
 * What a server has done so far: plain numbers, so that counting costs nothing on the hot path; read when somebody asks
 * for the metrics.
 */
export class Counters {
  /** Messages taken in from clients. */
  sends = 0;
  /** Messages acknowledged. */
  acknowledged = 0;
  /** Messages handed to local sockets: one a message and receiver. */
  deliveries = 0;
  /** DELIVER messages sent to other servers: one a message and server. */
  crossServerCopies = 0;
  /** Refused SENDs by code. */
  readonly rejects = new Map<string, number>();
  /** Connections cut off because they did not read. */
  slowConsumers = 0;
  logins = 0;
  resumes = 0;
  /** Groups whose last place or log the sweep found behind. */
  sweepRepairs = 0;

  rejected(code: string): void {
    this.rejects.set(code, (this.rejects.get(code) ?? 0) + 1);
  }
}
