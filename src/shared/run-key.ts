/** The form of a run key: see `runKeyOf`. */
export const runKeyPattern = /^[a-z2-7]{10}$/;

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** The first `length` characters of the lower-case base32 (RFC 4648, no padding) of `bytes`. */
export function base32(bytes: Uint8Array, length: number): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      text += alphabet.charAt((value >>> (bits - 5)) & 31);
      bits -= 5;
    }
    value &= (1 << bits) - 1;
  }
  if (bits > 0) text += alphabet.charAt((value << (5 - bits)) & 31);
  return text.slice(0, length);
}

/** The bytes of a text that {@link base32} made; null if it holds another character. */
export function bytesOfBase32(text: string): Uint8Array | null {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text) {
    const digit = alphabet.indexOf(character);
    if (digit < 0) return null;
    value = (value << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >>> bits) & 255);
      value &= (1 << bits) - 1;
    }
  }
  return Uint8Array.from(bytes);
}
