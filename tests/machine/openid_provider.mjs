// A real OpenID Connect provider (oidc-provider) on loopback, where everybody may sign in as anybody.
//
// Arguments: its address (https://HOST:PORT), the PEM file of its key, that of its certificate, and where the hub takes
// people back.
// Who signs in as "NAME" is NAME in every claim; their e-mail address is NAME@uni.example.

import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { Provider } from "oidc-provider";

const [issuer, key, certificate, back] = process.argv.slice(2);

const jwk = (type, options, more) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), use: "sig", ...more,
});
const claims = (id) => ({ sub: id, preferred_username: id, email: `${id}@uni.example`, email_verified: true });
const client = { client_secret: "secret of the hub", redirect_uris: [back], grant_types: ["authorization_code"] };

const provider = new Provider(issuer, {
  clients: [
    { ...client, client_id: "carrel" },
    { ...client, client_id: "elliptic", id_token_signed_response_alg: "ES256" },
    { client_id: "public", redirect_uris: [back], token_endpoint_auth_method: "none" },
  ],
  jwks: { keys: [jwk("rsa", { modulusLength: 2048 }, { kid: "r", alg: "RS256" }),
    jwk("ec", { namedCurve: "P-256" }, { kid: "e", alg: "ES256" })] },
  // By the provider's own rule the token says little, and the rest is told when asked.
  claims: { openid: ["sub"], profile: ["preferred_username"], email: ["email", "email_verified"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => claims(id) }),
  pkce: { required: () => true },
  cookies: { keys: ["of a test"] },
});

const tls = { key: readFileSync(key), cert: readFileSync(certificate) };
createServer(tls, provider.callback()).listen(Number(new URL(issuer).port), "localhost", () => console.log("ready"));
