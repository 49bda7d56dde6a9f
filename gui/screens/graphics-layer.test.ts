import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { frameOf } from "../layout/frame.ts";
import { graphicPlaces } from "../layout/graphics.ts";
import { cats, chatSession, idOf, messageRow, newestPage, type Session } from "../testing/session.ts";
import { GraphicsLayer } from "./graphics-layer.ts";

const fileBytes = { attachment: new Uint8Array(16), key: new Uint8Array(32), hash: new Uint8Array(32) };
const picture = { kind: "file", name: "cat.png", mediaType: "image/png", size: 100, ...fileBytes } as const;
const lines = ["\u001b[38;5;1m▀▀▀▀\u001b[0m", "\u001b[38;5;2m▀▀▀▀\u001b[0m"];

function withPicture(): Session {
  const messages = [messageRow(1, { content: picture }), ...Array.from({ length: 40 }, (_, at) => messageRow(at + 2))];
  const session = chatSession().hear(newestPage(cats, messages.slice(0, 3)));
  return session.hear({ kind: "preview", key: idOf.row(1), preview: { kind: "lines", columns: 4, lines, graphic: 7 } });
}

const placesOf = (session: Session) => graphicPlaces(frameOf(session.state));

suite("pictures as pixels", () => {
  test("stand where their half-blocks are, as long as all of it is in view and nothing lies over it", () => {
    const session = withPicture();
    const [place] = placesOf(session);
    assert.deepEqual([place?.id, place?.columns, place?.rows], [7, 4, 2]);
    assert.deepEqual(placesOf(session.press("f1")), []);
    assert.equal(placesOf(session.press("escape")).length, 1);
    for (let key = 4; key < 40; key++) session.hear({ kind: "message", group: cats, message: messageRow(key) });
    assert.deepEqual(placesOf(session), []);
  });

  test("are shown once, and taken away when they move or go", () => {
    const layer = new GraphicsLayer({ show: ({ id, y }) => `show ${id} at ${y};`, hide: (id) => `hide ${id};` });
    const place = { id: 7, x: 1, y: 2, columns: 4, rows: 2 };
    assert.deepEqual(layer.change([place]), { isRedrawn: false, sequences: "show 7 at 2;" });
    assert.deepEqual(layer.change([{ ...place }]), { isRedrawn: false, sequences: "" });
    assert.equal(layer.change([{ ...place, y: 1 }]).sequences, "hide 7;show 7 at 1;");
    assert.equal(layer.change([]).sequences, "hide 7;");
    layer.change([place]);
    layer.forget();
    assert.equal(layer.change([place]).sequences, "show 7 at 2;");
  });

  test("are drawn anew with the cells where a terminal cannot take one away", () => {
    const layer = new GraphicsLayer({ show: ({ id }) => `show ${id};`, hide: () => undefined });
    const place = (id: number) => ({ id, x: 1, y: id, columns: 4, rows: 1 });
    const [one, other] = [place(7), place(8)];
    layer.change([one, other]);
    assert.deepEqual(layer.change([other]), { isRedrawn: true, sequences: "show 8;" });
  });
});
