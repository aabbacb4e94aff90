import { checkSignature } from '#core/signing.ts';
import { type Purpose, signedText } from './chain.ts';

/** What does not hold, and where it was noticed first. */
export interface Finding {
  readonly kind: 'changed' | 'removed' | 'added' | 'swapped' | 'cut' | 'signature' | 'head' | 'other';
  readonly sequence: number | null;
  readonly id: number | null;
  readonly text: string;
}

/** A finding on its way out. */
export class Found extends Error {
  readonly finding: Finding;
  constructor(kind: Finding['kind'], sequence: number | null, id: number | null, text: string) {
    super(text);
    this.finding = { kind, sequence, id, text };
  }
}

interface Signed {
  readonly sequence: number;
  readonly hash: string;
  readonly signature: string;
}

/** Makes what throws a finding unless a place was signed, for this very purpose, by one of the keys. */
export function signatureCheck(publicKeys: readonly string[]) {
  return (purpose: Purpose, { sequence, hash, signature }: Signed, at: Date): void => {
    const result = checkSignature(publicKeys, signedText(purpose, sequence, hash, at), signature);
    if (result === 'unknown-key')
      throw new Found(
        'signature',
        sequence,
        null,
        `what was signed at place ${sequence} was signed by a key that is not known (${signature.split('.')[1]}); name its public key with --key`,
      );
    if (result === 'invalid')
      throw new Found('signature', sequence, null, `the signature (${purpose}) at place ${sequence} is not ours`);
  };
}

export type SignatureCheck = ReturnType<typeof signatureCheck>;
