-- An account's local database. The whole file is encrypted.

-- Facts about the account: its secret, the user's id, the session's token.
CREATE TABLE facts (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

-- The people whom the user has met, with their pinned identities.
CREATE TABLE people (
  name             TEXT    PRIMARY KEY,
  user_id          INTEGER NOT NULL,
  identity         BLOB    NOT NULL,
  verified         INTEGER NOT NULL,
  -- A CBOR list of the identities that were pinned before, newest first.
  former           BLOB    NOT NULL,
  changed_user     INTEGER,
  changed_identity BLOB
);
CREATE INDEX people_user ON people (user_id);

CREATE TABLE groups (
  id             INTEGER PRIMARY KEY,
  -- All messages up to this seq have been taken in…
  cursor         INTEGER NOT NULL,
  -- …and all from this seq on.
  oldest         INTEGER NOT NULL DEFAULT 1,
  title          TEXT,
  suite_state    BLOB,
  expire_seconds INTEGER NOT NULL DEFAULT 0,
  read_seq       INTEGER NOT NULL DEFAULT 0,
  draft          TEXT    NOT NULL DEFAULT '',
  -- When this machine first knew of the group, in milliseconds since the Unix epoch.
  known_since    INTEGER NOT NULL,
  -- When the user left or was removed, likewise.
  left_at        INTEGER
);

-- The membership logs: verified entries, in the form in which they travelled.
CREATE TABLE log_entries (
  group_id INTEGER NOT NULL,
  idx      INTEGER NOT NULL,
  seq      INTEGER NOT NULL,
  -- When the server took the entry in, in milliseconds since the Unix epoch; null until the entry comes among the group's messages.
  at       INTEGER,
  entry    BLOB    NOT NULL,
  PRIMARY KEY (group_id, idx)
) WITHOUT ROWID;

-- Messages that were received and that the user has written; those in the state 'written' are the outbox.
CREATE TABLE messages (
  -- Never used twice, since screens refer to messages by it.
  id                INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id          INTEGER NOT NULL,
  -- Null until the server has given the message a seq.
  seq               INTEGER,
  sender            INTEGER NOT NULL,
  client_message_id BLOB    NOT NULL,
  epoch             INTEGER NOT NULL,
  -- When the user wrote the message, or the server took it in, in milliseconds since the Unix epoch.
  at                INTEGER NOT NULL,
  state             TEXT    NOT NULL CHECK (state IN ('written', 'sent', 'failed', 'received', 'unreadable')),
  -- Why the message failed or cannot be read.
  why               TEXT,
  -- CBOR.
  content           BLOB,
  -- The words of the message, in the form in which they are searched for.
  words             TEXT,
  -- Whether these words mention the user.
  mentions          INTEGER NOT NULL DEFAULT 0,
  UNIQUE (group_id, sender, client_message_id)
);
CREATE UNIQUE INDEX messages_place ON messages (group_id, seq) WHERE seq IS NOT NULL;
CREATE INDEX messages_without_place ON messages (group_id, id) WHERE seq IS NULL;
CREATE INDEX messages_written ON messages (id) WHERE state = 'written';
-- With the sender, so that counting unread messages reads the index alone.
CREATE INDEX messages_delivered ON messages (group_id, seq, sender) WHERE state IN ('received', 'unreadable');
CREATE INDEX messages_mentioning ON messages (group_id, seq, sender) WHERE mentions = 1;

CREATE VIRTUAL TABLE message_words USING fts5 (words, content = 'messages', content_rowid = 'id', tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So'");
CREATE TRIGGER messages_words_insert AFTER INSERT ON messages WHEN new.words IS NOT NULL BEGIN
  INSERT INTO message_words (rowid, words) VALUES (new.id, new.words);
END;
CREATE TRIGGER messages_words_delete AFTER DELETE ON messages WHEN old.words IS NOT NULL BEGIN
  INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', old.id, old.words);
END;
CREATE TRIGGER messages_words_update AFTER UPDATE OF words ON messages WHEN new.words IS NOT old.words BEGIN
  INSERT INTO message_words (message_words, rowid, words) SELECT 'delete', old.id, old.words WHERE old.words IS NOT NULL;
  INSERT INTO message_words (rowid, words) SELECT new.id, new.words WHERE new.words IS NOT NULL;
END;

-- Ranges of seqs at which the server said that there are no messages.
CREATE TABLE gaps (
  group_id    INTEGER NOT NULL,
  from_seq    INTEGER NOT NULL,
  through_seq INTEGER NOT NULL,
  PRIMARY KEY (group_id, from_seq)
) WITHOUT ROWID;

-- Files on their way to a group, until the message with them is written.
CREATE TABLE outgoing_files (
  attachment        BLOB    PRIMARY KEY,
  key               BLOB    NOT NULL,
  group_id          INTEGER NOT NULL,
  client_message_id BLOB    NOT NULL,
  file              TEXT    NOT NULL,
  keep_metadata     INTEGER NOT NULL,
  text              TEXT,
  hash              BLOB    NOT NULL
) WITHOUT ROWID;
