import type { LocalAccount } from "../../core/client/index.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Settings } from "../model/settings.ts";
import type { AccountFeed } from "./account-feed.ts";
import type { Emit } from "./emit.ts";

/** The open account, as it is handed to what performs effects on it. */
export interface OpenAccount {
  readonly account: LocalAccount;
  readonly feed: AccountFeed;
  readonly clock: Clock;
  readonly emit: Emit;
  settings: Settings;
}
