-- Groups, roles, services and shares; users who have not logged in yet; tokens and clients of services.
-- Foreign keys are not enforced while this runs and checked after it.

CREATE TABLE groups (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    -- A JSON object that scripts keep.
    properties TEXT NOT NULL DEFAULT '{}',
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE services (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    origin TEXT NOT NULL CHECK (origin IN ('configuration', 'api')),
    -- What the API was given, a JSON object; what the configuration says is not repeated here.
    spec TEXT NOT NULL DEFAULT '{}',
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE new_users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    -- The account behind the name at the last login; another one of that name is another person.
    -- Unknown until then.
    uid INTEGER,
    -- Whether the last login found the account in a group of administrators.
    admin INTEGER NOT NULL DEFAULT 0 CHECK (admin IN (0, 1)),
    -- Whether the hub was told to make the user an administrator.
    admin_granted INTEGER NOT NULL DEFAULT 0 CHECK (admin_granted IN (0, 1)),
    created INTEGER NOT NULL,
    last_activity INTEGER,
    -- What the broker gave at the last login; worth nothing without the broker's key and its checks.
    ticket TEXT
) STRICT;
INSERT INTO new_users (id, name, uid, admin, created, last_activity, ticket)
    SELECT id, name, uid, admin, created, last_activity, ticket FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
CREATE INDEX users_by_activity ON users (last_activity);

-- How many users there are, so that nobody has to count them.
CREATE TABLE totals (
    counted TEXT PRIMARY KEY CHECK (counted = 'users'),
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO totals SELECT 'users', count(*) FROM users;
CREATE TRIGGER users_come AFTER INSERT ON users BEGIN
    UPDATE totals SET number = number + 1 WHERE counted = 'users';
END;
CREATE TRIGGER users_go AFTER DELETE ON users BEGIN
    UPDATE totals SET number = number - 1 WHERE counted = 'users';
END;

CREATE TABLE group_members (
    group_id INTEGER NOT NULL REFERENCES groups ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    -- Who put the user there: the API, the configuration, or a login that found them in the system's
    -- group of that name.
    origin TEXT NOT NULL CHECK (origin IN ('api', 'configuration', 'system')),
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_by_user ON group_members (user_id);

-- Roles that are defined while the hub runs; the others are in the configuration.
CREATE TABLE roles (
    name TEXT PRIMARY KEY,
    description TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who was given a role while the hub runs. A role that is defined nowhere gives nothing.
CREATE TABLE user_roles (
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, role)
) STRICT, WITHOUT ROWID;
CREATE TABLE group_roles (
    group_id INTEGER NOT NULL REFERENCES groups ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (group_id, role)
) STRICT, WITHOUT ROWID;
CREATE TABLE service_roles (
    service_id INTEGER NOT NULL REFERENCES services ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (service_id, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE new_oauth_clients (
    id TEXT PRIMARY KEY,
    server_id INTEGER UNIQUE REFERENCES servers ON DELETE CASCADE,
    service_id INTEGER UNIQUE REFERENCES services ON DELETE CASCADE,
    secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
    redirect_uri TEXT NOT NULL,
    description TEXT NOT NULL,
    allowed_scopes TEXT NOT NULL,
    -- Whether people are asked before it gets a token.
    confirm INTEGER NOT NULL DEFAULT 1 CHECK (confirm IN (0, 1)),
    CHECK ((server_id IS NULL) <> (service_id IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO new_oauth_clients (id, server_id, secret_hash, redirect_uri, description, allowed_scopes)
    SELECT id, server_id, secret_hash, redirect_uri, description, allowed_scopes FROM oauth_clients;
DROP TABLE oauth_clients;
ALTER TABLE new_oauth_clients RENAME TO oauth_clients;

CREATE TABLE new_api_tokens (
    -- Never given twice, for clients keep the numbers.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Absent while a token from another hub has not been used here: see foreign_hashes.
    hash BLOB UNIQUE CHECK (length(hash) = 32),
    user_id INTEGER REFERENCES users ON DELETE CASCADE,
    service_id INTEGER REFERENCES services ON DELETE CASCADE,
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
    CHECK ((user_id IS NULL) <> (service_id IS NULL)),
    CHECK (client_id IS NULL OR server_id IS NULL)
) STRICT;
INSERT INTO new_api_tokens
        (id, hash, user_id, client_id, server_id, session_id, scopes, note, created, expires, last_activity)
    SELECT id, hash, user_id, client_id, server_id, session_id, scopes, note, created, expires, last_activity
    FROM api_tokens;
DROP TABLE api_tokens;
ALTER TABLE new_api_tokens RENAME TO api_tokens;
CREATE INDEX api_tokens_by_user ON api_tokens (user_id);
CREATE INDEX api_tokens_by_service ON api_tokens (service_id) WHERE service_id IS NOT NULL;
CREATE INDEX api_tokens_by_client ON api_tokens (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX api_tokens_by_expiry ON api_tokens (expires) WHERE expires IS NOT NULL;

-- Tokens taken over from a JupyterHub, as it hashed them: replaced by our hash when first used.
CREATE TABLE foreign_hashes (
    token_id INTEGER PRIMARY KEY REFERENCES api_tokens ON DELETE CASCADE,
    -- The token's first characters.
    prefix TEXT NOT NULL,
    -- algorithm:rounds:salt:hash
    hashed TEXT NOT NULL
) STRICT;
CREATE INDEX foreign_hashes_by_prefix ON foreign_hashes (prefix);

-- What of a server is shared with whom. The scopes stand without their filter, which is always the
-- server, whatever its name is now.
CREATE TABLE shares (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    server_id INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    user_id INTEGER REFERENCES users ON DELETE CASCADE,
    group_id INTEGER REFERENCES groups ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    created INTEGER NOT NULL,
    CHECK ((user_id IS NULL) <> (group_id IS NULL)),
    UNIQUE (server_id, user_id),
    UNIQUE (server_id, group_id)
) STRICT;
CREATE INDEX shares_by_user ON shares (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX shares_by_group ON shares (group_id) WHERE group_id IS NOT NULL;

CREATE TABLE share_codes (
    -- Never given twice, for people keep the numbers.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    server_id INTEGER NOT NULL REFERENCES servers ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    exchange_count INTEGER NOT NULL DEFAULT 0,
    last_exchanged INTEGER
) STRICT;
CREATE INDEX share_codes_by_server ON share_codes (server_id);
CREATE INDEX share_codes_by_expiry ON share_codes (expires);
