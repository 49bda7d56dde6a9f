import type { GroupId } from "../wire/ids.ts";
import type { ColdLinkFrame } from "../wire/link-frame.ts";

/** The name of a server, which no other running server of the deployment has. */
export type ServerId = string;

/** The frames that servers send each other over the bus: all link frames but those by which buses agree on interest. */
export type BusFrame = Exclude<ColdLinkFrame, { kind: "interest" | "interested" }>;

/** Bus frames about servers. The others are about groups and sessions. */
export type FrameAboutServers = Extract<BusFrame, { kind: "heartbeat" | "bye" }>;

/**
 * How a server reaches the others. The bus may lose any frame: the database is the truth, and the sweep repairs what a lost
 * frame would have brought.
 */
export interface Bus {
  readonly self: ServerId;
  /** Once this has resolved, everything that other servers deliver to these groups arrives here. */
  subscribe(groups: readonly GroupId[]): Promise<void>;
  unsubscribe(groups: readonly GroupId[]): void;
  /**
   * Sends DELIVER frames to the servers that have subscribed to their groups; answers how many copies of messages went out: a message
   * counts once for each server that gets it.
   */
  deliver(frames: readonly GroupFrame[]): number;
  send(server: ServerId, frame: BusFrame): void;
  /** Sends a frame to the servers that have subscribed to the group. */
  publish(group: GroupId, frame: BusFrame): void;
  broadcast(frame: BusFrame): void;
  /** Sets the receiver of what arrives: once, before the first subscription. */
  listen(events: BusEvents): void;
}

export interface GroupFrame {
  readonly group: GroupId;
  /** How many messages the frame has. */
  readonly count: number;
  readonly frame: Uint8Array;
}

export interface BusEvents {
  /** A DELIVER frame arrived; its bytes are valid during the call only. */
  delivered(frame: Uint8Array): void;
  /** Any other frame arrived. */
  received(from: ServerId, frame: BusFrame): void;
  /** A server has subscribed to groups. */
  subscribed(server: ServerId, groups: readonly GroupId[]): void;
  /** A server has gone, announced or not. */
  gone(server: ServerId): void;
}
