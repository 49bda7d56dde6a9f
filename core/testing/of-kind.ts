/** Whether a frame is of a kind, known to the compiler where the kind itself is a variable. */
export function isOfKind<Frame extends { readonly kind: string }, Kind extends Frame["kind"]>(
  frame: Frame,
  kind: Kind,
): frame is Extract<Frame, { readonly kind: Kind }> {
  return frame.kind === kind;
}
