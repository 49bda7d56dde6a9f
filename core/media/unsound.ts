/** A picture is not as its format says; the message, if there is one, says what is wrong. */
export class Unsound extends Error {}
