import type { Event } from "../model/event.ts";

/** Hands an event to the model. */
export type Emit = (event: Event) => void;
