/** Thrown at a picture that breaks its format; the message, if there is one, says how. */
export class Unsound extends Error {}
