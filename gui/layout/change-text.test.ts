import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChangeRow } from "../model/shown.ts";
import { alice, bob, catsFacts, chatSession, idOf } from "../testing/session.ts";
import { changeText } from "./change-text.ts";

const { scene } = chatSession().chat;
const carol = idOf.user(3);
const says = (of: Pick<ChangeRow, "action"> & Partial<ChangeRow>) =>
  changeText(scene, catsFacts, { seq: idOf.seq(1), at: 0, by: bob, subjects: [], ...of });

test("each kind of change to a group is a sentence about who did what to whom", () => {
  assert.equal(says({ action: "create" }), "bob founded the group");
  assert.equal(
    says({ action: "create", title: "cats\u001b", subjects: [alice, carol] }),
    "bob founded the group “cats␛” with you and #3",
  );
  assert.equal(says({ action: "admit", subjects: [carol] }), "bob added #3");
  assert.equal(says({ action: "remove", by: alice, subjects: [bob] }), "you removed bob");
  assert.equal(says({ action: "leave" }), "bob left");
  assert.equal(says({ action: "promote", subjects: [alice] }), "bob made you admin");
  assert.equal(says({ action: "demote", subjects: [alice] }), "bob took the admin's rights from you");
  assert.equal(says({ action: "rename", title: "dogs" }), "bob renamed the group to “dogs”");
  assert.equal(says({ action: "rename" }), "bob renamed the group");
  assert.equal(says({ action: "rekey" }), "bob gave the group a new key");
});
