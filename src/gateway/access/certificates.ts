import { setTimeout as sleep } from 'node:timers/promises';
import { OAuth2Client } from 'google-auth-library';

/** PEM texts by key id. */
export type Certificates = Awaited<
  ReturnType<OAuth2Client['getFederatedSignonCertsAsync']>
>['certs'];

/** The certificates of an issuer of tokens. */
export interface CertificateStore {
  /**
   * Those among which that key should be.
   * @throws if they cannot be had, and nothing is known of the key
   */
  forKey(keyId: string | null): Promise<Certificates>;
}

/** Milliseconds between two looks for a key that is not among them: most of these are made up. */
const rotationMs = 60_000;
/** Milliseconds after a look that failed, before the next one. */
const retryMs = 10_000;
/** Milliseconds to wait for the certificates, and where there are older ones. */
const withinMs = 5_000;
const patienceMs = 1_000;
/**
 * Milliseconds for which certificates are good although newer ones cannot be had. Google announces a key days
 * before it is used and takes none back in a hurry.
 */
const keptMs = 6 * 3_600_000;

/**
 * Keeps the certificates as long as their server says. Those that are known stay until the next ones are
 * there: while the server is away, a token of a known key is checked as before, for {@link keptMs} at most.
 *
 * @param url where they are: a JSON object of PEM texts by key id; default Google's
 */
export function createCertificateStore(
  url: string | undefined,
  now: () => number = Date.now,
): CertificateStore {
  let client = newClient();
  let known: { certificates: Certificates; at: number } | null = null;
  let nextLookAt = -Infinity;
  let looking: Promise<Certificates> | null = null;
  let nextRenewalAt = -Infinity;
  let renewed: Promise<Certificates> | null = null;

  return {
    async forKey(keyId) {
      const certificates = await current();
      if (keyId === null || Object.hasOwn(certificates, keyId)) return certificates;
      if (now() >= nextRenewalAt) {
        nextRenewalAt = now() + rotationMs;
        renewed = ask(newClient());
        renewed.catch(() => (nextRenewalAt = now() + retryMs));
      }
      return renewed ?? certificates;
    },
  };

  async function current(): Promise<Certificates> {
    if (known !== null && now() < nextLookAt) return known.certificates;
    // The client asks the server only if what it has is too old; who comes meanwhile waits for the same answer.
    looking ??= ask(client).finally(() => (looking = null));
    if (known === null || now() - known.at > keptMs) return looking;
    const { certificates } = known;
    const failed = () => {
      nextLookAt = now() + retryMs;
      return certificates;
    };
    // The client tries several times: a request whose key is known need not wait for that.
    const late = sleep(patienceMs, certificates, { ref: false });
    return Promise.race([looking.catch(failed), late]);
  }

  async function ask(from: OAuth2Client): Promise<Certificates> {
    const { certs } = await from.getFederatedSignonCertsAsync();
    client = from;
    known = { certificates: certs, at: now() };
    return certs;
  }

  function newClient(): OAuth2Client {
    return new OAuth2Client({
      transporterOptions: { timeout: withinMs },
      ...(url === undefined ? {} : { endpoints: { oauth2FederatedSignonPemCertsUrl: url } }),
    });
  }
}
