import type { Front, FrontPlace } from "./front.ts";

/** A front that hands every socket that it accepts to the next server's thread, before a byte is read from it. */
export async function nativeAcceptor(place: FrontPlace): Promise<Front> {
  const { openAcceptor } = await import("./uws-acceptor.ts");
  return openAcceptor(place);
}
