import { OAuth2Client } from 'google-auth-library';
import { createCertificateStore } from './certificates.js';

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

/**
 * Checks the OIDC token of a request: signature by a current key of the issuer, issuer, audience,
 * time, and that it is the service account's.
 * Source: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export function createTokenCheck(
  rule: TokenRule,
): (authorization: string | undefined) => Promise<TokenVerdict> {
  const issuer = rule.issuer ?? googleIssuer;
  const verifier = new OAuth2Client();
  const store = createCertificateStore(rule.certificatesUrl);

  return async (authorization) => {
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return authorization === undefined ? 'missing' : 'invalid';
    let certificates;
    try {
      certificates = await store.forKey(keyIdOf(token));
    } catch {
      return 'unavailable';
    }
    try {
      const ticket = await verifier.verifySignedJwtWithCertsAsync(
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
