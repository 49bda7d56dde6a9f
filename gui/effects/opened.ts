import type { LocalAccount } from "../../core/client/index.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Event } from "../model/event.ts";
import type { Settings } from "../model/settings.ts";
import type { AccountFeed } from "./account-feed.ts";

export type Emit = (event: Event) => void;

/** An account that is open, as each part of the desk is handed it. */
export interface Opened {
  readonly account: LocalAccount;
  readonly feed: AccountFeed;
  readonly clock: Clock;
  readonly emit: Emit;
  settings: Settings;
}
