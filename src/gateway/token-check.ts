import { OAuth2Client } from 'google-auth-library';

/** Whose tokens are taken. */
export interface TokenRule {
  /** The `aud` that the trigger or the push subscription puts into its tokens. */
  audience: string;
  /** Email of the service account that the trigger or the subscription uses. */
  serviceAccount: string;
  /** Default {@link googleIssuer}. */
  issuer?: string;
  /** Where the issuer's certificates are: a JSON object of PEM texts by key id. Default Google's. */
  certificatesUrl?: string;
}

export const googleIssuer = 'https://accounts.google.com';

/** `unavailable`: the certificates could not be had, so that nothing is known of the token. */
export type TokenVerdict = 'good' | 'missing' | 'invalid' | 'forbidden' | 'unavailable';

/** Milliseconds between two looks at the certificates for a key that is not among them. */
const rotationMs = 60_000;
/** Milliseconds to wait for the certificates. */
const certificatesWithinMs = 5_000;

/**
 * Checks the OIDC token of a request: signature by a current key of the issuer, issuer, audience,
 * time, and that it is the service account's.
 * Source: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export function createTokenCheck(
  rule: TokenRule,
): (authorization: string | undefined) => Promise<TokenVerdict> {
  const issuer = rule.issuer ?? googleIssuer;
  let client = newClient();
  let renewedAt = 0;

  return async (authorization) => {
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return authorization === undefined ? 'missing' : 'invalid';
    let certificates;
    try {
      certificates = await certificatesFor(token);
    } catch {
      return 'unavailable';
    }
    try {
      const ticket = await client.verifySignedJwtWithCertsAsync(
        token,
        certificates,
        rule.audience,
        [issuer],
      );
      const claims = ticket.getPayload();
      const isTheirs = claims?.email === rule.serviceAccount && claims.email_verified === true;
      return isTheirs ? 'good' : 'forbidden';
    } catch {
      return 'invalid'; // The library's messages quote the token.
    }
  };

  /** The client keeps certificates as long as their server says; a new key is looked for earlier. */
  async function certificatesFor(token: string) {
    const { certs } = await client.getFederatedSignonCertsAsync();
    const key = keyIdOf(token);
    if (key === null || key in certs || Date.now() - renewedAt < rotationMs) return certs;
    renewedAt = Date.now();
    client = newClient();
    return (await client.getFederatedSignonCertsAsync()).certs;
  }

  function newClient(): OAuth2Client {
    const url = rule.certificatesUrl;
    return new OAuth2Client({
      transporterOptions: { timeout: certificatesWithinMs },
      ...(url === undefined ? {} : { endpoints: { oauth2FederatedSignonPemCertsUrl: url } }),
    });
  }
}

function keyIdOf(token: string): string | null {
  try {
    const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as {
      kid?: unknown;
    };
    return typeof header.kid === 'string' ? header.kid : null;
  } catch {
    return null;
  }
}
