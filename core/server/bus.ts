import type { GroupId } from "../wire/ids.ts";
import type { ColdLinkFrame } from "../wire/link-frame.ts";

/** Which server; unique in a deployment while it runs. */
export type ServerId = string;

/**
 * How a server reaches the others. It may lose anything: the database is the truth, and a sweep repairs what did not
 * arrive.
 */
export interface Bus {
  readonly self: ServerId;
  /** From when this resolves, what others deliver to these groups arrives here. */
  join(groups: readonly GroupId[]): Promise<void>;
  leave(groups: readonly GroupId[]): void;
  /**
   * DELIVER frames to the servers that have joined their groups; answers how many messages went out, each as often as servers
   * got it.
   */
  deliver(frames: readonly GroupFrame[]): number;
  send(server: ServerId, frame: ColdLinkFrame): void;
  /** To the servers that have joined the group. */
  publish(group: GroupId, frame: ColdLinkFrame): void;
  broadcast(frame: ColdLinkFrame): void;
  /** Where what arrives goes; set once, before anything is joined. */
  listen(events: BusEvents): void;
}

export interface GroupFrame {
  readonly group: GroupId;
  /** Messages in it. */
  readonly count: number;
  readonly frame: Uint8Array;
}

export interface BusEvents {
  /** A DELIVER frame; valid during the call only. */
  delivered(frame: Uint8Array): void;
  /** Any other frame. */
  received(from: ServerId, frame: ColdLinkFrame): void;
  /** A server has joined groups. */
  joined(server: ServerId, groups: readonly GroupId[]): void;
  /** A server has gone, with or without a word. */
  gone(server: ServerId): void;
}
