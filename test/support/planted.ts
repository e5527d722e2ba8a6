/**
 * Secrets that every daemon of the tests is given, and that nothing it prints may contain: their marker tells them
 * from everything else.
 */
const plantedMarker = 'planted-';

/** Where they do no harm: the broker's address overrides the one, nobody asks for the other. */
export const plantedIn = {
  bus: { password: `${plantedMarker}bus-password` },
  auth: { password: `${plantedMarker}auth-password` },
};

/** @throws when a text contains one of these, or one of the others given */
export function checkForSecrets(what: string, text: string, others: readonly string[] = []): void {
  for (const secret of [plantedMarker, ...others.filter((one) => one !== '')]) {
    const place = text.indexOf(secret);
    if (place < 0) continue;
    const around = text.slice(Math.max(0, place - 300), place + 100);
    throw new Error(`${what} contains a secret (${secret}):\n...${around}...`);
  }
}
