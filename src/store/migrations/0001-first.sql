-- Times are microseconds since 1970-01-01T00:00:00Z. Hashes are SHA-256 of the secret's text.
-- Scopes are JSON arrays of scope texts.

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    -- The account behind the name at the last login; another one of that name is another person.
    uid INTEGER NOT NULL,
    admin INTEGER NOT NULL DEFAULT 0 CHECK (admin IN (0, 1)),
    created INTEGER NOT NULL,
    last_activity INTEGER,
    -- What the broker gave at the last login; worth nothing without the broker's key and its checks.
    ticket TEXT
) STRICT;

CREATE TABLE sessions (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    -- The public id, which user servers see too.
    session_id TEXT NOT NULL,
    created INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires);

CREATE TABLE servers (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    -- Empty for the default server.
    name TEXT NOT NULL,
    display_name TEXT NOT NULL DEFAULT '',
    user_options TEXT,
    created INTEGER NOT NULL,
    last_activity INTEGER,
    started INTEGER,
    -- What the hub last set out to do; what runs, systemd knows.
    state TEXT NOT NULL DEFAULT 'stopped' CHECK (state IN ('stopped', 'starting', 'running', 'stopping')),
    -- The run of the unit, once systemd has named it.
    invocation TEXT,
    UNIQUE (user_id, name)
) STRICT;
CREATE INDEX servers_by_state ON servers (state) WHERE state <> 'stopped';

CREATE TABLE oauth_clients (
    id TEXT PRIMARY KEY,
    server_id INTEGER NOT NULL UNIQUE REFERENCES servers ON DELETE CASCADE,
    secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
    redirect_uri TEXT NOT NULL,
    description TEXT NOT NULL,
    allowed_scopes TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE oauth_codes (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
    client_id TEXT NOT NULL REFERENCES oauth_clients ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    session_id TEXT,
    scopes TEXT NOT NULL,
    challenge TEXT,
    challenge_method TEXT CHECK (challenge_method IN ('plain', 'S256')),
    expires INTEGER NOT NULL,
    CHECK ((challenge IS NULL) = (challenge_method IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_codes_by_client ON oauth_codes (client_id);
CREATE INDEX oauth_codes_by_user ON oauth_codes (user_id);
CREATE INDEX oauth_codes_by_expiry ON oauth_codes (expires);

CREATE TABLE api_tokens (
    -- Never given twice, for clients keep the numbers.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    -- Set for tokens issued to a client by OAuth.
    client_id TEXT REFERENCES oauth_clients ON DELETE CASCADE,
    -- Set for the token a server itself has.
    server_id INTEGER UNIQUE REFERENCES servers ON DELETE CASCADE,
    session_id TEXT,
    scopes TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    expires INTEGER,
    last_activity INTEGER,
    CHECK (client_id IS NULL OR server_id IS NULL)
) STRICT;
CREATE INDEX api_tokens_by_user ON api_tokens (user_id);
CREATE INDEX api_tokens_by_client ON api_tokens (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX api_tokens_by_expiry ON api_tokens (expires) WHERE expires IS NOT NULL;
