-- The account secret, which the client has sealed under its password: a login at another machine restores the identity from it.
ALTER TABLE users ADD COLUMN backup bytea;

-- For a new password, which ends the user's other sessions.
CREATE INDEX sessions_user ON sessions (user_id);

-- Everything up to this seq has expired, in groups whose messages expire.
ALTER TABLE groups ADD COLUMN expired_seq bigint NOT NULL DEFAULT 0;
CREATE INDEX groups_expiring ON groups (id) WHERE expire_seconds > 0;

-- Files, which clients have sealed and cut into chunks. They expire with their group's messages.
CREATE TABLE attachments (
  id           bytea       PRIMARY KEY,
  group_id     bigint      NOT NULL,
  owner_id     bigint      NOT NULL,
  size         bigint      NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  -- When the last chunk had come; members may fetch the file from then on.
  completed_at timestamptz
);
CREATE INDEX attachments_owner ON attachments (owner_id);
CREATE INDEX attachments_group ON attachments (group_id, created_at);
CREATE INDEX attachments_begun ON attachments (created_at) WHERE completed_at IS NULL;

CREATE TABLE attachment_chunks (
  attachment_id bytea   NOT NULL,
  index         integer NOT NULL,
  bytes         bytea   NOT NULL,
  PRIMARY KEY (attachment_id, index)
);
ALTER TABLE attachment_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;
