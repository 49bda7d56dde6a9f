-- Users, sessions, groups and their messages.
-- Every statement on a hot path filters on group_id: it can be the distribution key of a distributed PostgreSQL.

CREATE TABLE users (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text        NOT NULL UNIQUE,
  -- OPAQUE derives the user's server key from this: it is the name, except for seeded users, who share one record.
  credential  text        NOT NULL,
  record      bytea       NOT NULL,
  identity    bytea       NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sessions (
  id          bytea       PRIMARY KEY,
  user_id     bigint      NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz NOT NULL,
  revoked_at  timestamptz
);
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

-- Every batch updates last_seq: with half of each page free these updates stay on their page, and need no new index entry.
CREATE TABLE groups (
  id             bigint      PRIMARY KEY,
  epoch          integer     NOT NULL,
  last_seq       bigint      NOT NULL,
  keyed          boolean     NOT NULL,
  log_length     integer     NOT NULL,
  log_head       bytea       NOT NULL,
  suite          text        NOT NULL,
  history        boolean     NOT NULL,
  expire_seconds integer     NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE memberships (
  group_id    bigint      NOT NULL,
  user_id     bigint      NOT NULL,
  admin       boolean     NOT NULL,
  fingerprint bytea       NOT NULL,
  since       integer     NOT NULL,
  read_seq    bigint      NOT NULL DEFAULT 0,
  joined_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (group_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);
CREATE INDEX memberships_joined ON memberships (joined_at);

-- The seqs of the messages that are a group's entries.
CREATE TABLE membership_log (
  group_id bigint  NOT NULL,
  index    integer NOT NULL,
  seq      bigint  NOT NULL,
  PRIMARY KEY (group_id, index)
);

CREATE TABLE wrapped_keys (
  group_id bigint  NOT NULL,
  user_id  bigint  NOT NULL,
  epoch    integer NOT NULL,
  wrapped  bytea   NOT NULL,
  PRIMARY KEY (group_id, user_id, epoch)
);

CREATE TABLE messages (
  group_id          bigint   NOT NULL,
  seq               bigint   NOT NULL,
  sender_id         bigint   NOT NULL,
  client_message_id bigint   NOT NULL,
  epoch             integer  NOT NULL,
  type              smallint NOT NULL,
  sent_at           bigint   NOT NULL,
  payload           bytea    NOT NULL,
  PRIMARY KEY (group_id, seq)
);
CREATE UNIQUE INDEX messages_once ON messages (group_id, sender_id, client_message_id);
-- Ciphertext does not compress.
ALTER TABLE messages ALTER COLUMN payload SET STORAGE EXTERNAL;

-- Facts about the deployment: a hash of the secret under which its users signed up.
CREATE TABLE deployment (
  key   text PRIMARY KEY,
  value text NOT NULL
);
