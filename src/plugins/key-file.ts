/** Where the key for secrets comes from, and how another takes its place. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.ts';
import { SecretBox } from './secret-box.ts';

/** The name of the systemd credential. */
const credentialName = 'webhookd-secret-key';

export class KeyFile {
  private constructor(
    readonly file: string,
    /** A credential of systemd’s: not ours to write. */
    readonly isCredential: boolean,
  ) {}

  /** @param given `plugins.secret_key_file`; @param standard the file made at first start */
  static locate(
    given: string | null,
    standard: string,
    environment: NodeJS.ProcessEnv = process.env,
  ): KeyFile {
    if (given !== null) return new KeyFile(given, false);
    const credentials = environment['CREDENTIALS_DIRECTORY'];
    const credential = credentials === undefined ? '' : join(credentials, credentialName);
    return credential !== '' && existsSync(credential)
      ? new KeyFile(credential, true)
      : new KeyFile(standard, false);
  }

  /**
   * Reads the key; makes one where none was used yet.
   *
   * @param usedKey id of the key that is in use, if that is known: of two keys that an interrupted change
   *   left behind it is the right one
   * @throws UserError when there is no key to be had, or another one than is in use
   */
  read(usedKey: string | null): SecretBox {
    const next = this.#nextFile;
    if (existsSync(next) && (readKey(next).keyId === usedKey || !existsSync(this.file)))
      renameSync(next, this.file);
    if (!existsSync(this.file)) {
      if (usedKey !== null) throw lostKey(`${this.file} is not there`, usedKey);
      writeKey(this.file, SecretBox.withNewKey());
    }
    const box = readKey(this.file);
    if (usedKey !== null && box.keyId !== usedKey)
      throw lostKey(`${this.file} has the key ${box.keyId}`, usedKey);
    if (existsSync(next)) rmSync(next);
    return box;
  }

  /** Puts a key beside the one in use. */
  prepare(box: SecretBox): void {
    if (this.isCredential)
      throw new UserError(
        `the key is a systemd credential (${this.file}): name a file with plugins.secret_key_file to have it changed here`,
      );
    rmSync(this.#nextFile, { force: true });
    writeKey(this.#nextFile, box);
  }

  /** The prepared key is in use now. */
  confirm(): void {
    renameSync(this.#nextFile, this.file);
  }

  /** The prepared key is not used after all. */
  discard(): void {
    rmSync(this.#nextFile, { force: true });
  }

  get #nextFile(): string {
    return `${this.file}.next`;
  }
}

/** Nothing was changed when this is thrown: with the right key all secrets are there again. */
const lostKey = (found: string, usedKey: string) =>
  new UserError(
    `the secrets in the database were encrypted with the key ${usedKey}, and ${found}: put that key back, or name its file with plugins.secret_key_file; step 7 of docs/guide-install.md says how to go on without it`,
    2,
  );

/** 32 bytes as they are, or in hexadecimal or base64. */
function readKey(file: string): SecretBox {
  let content: Buffer;
  try {
    content = readFileSync(file);
    if ((statSync(file).mode & 0o007) !== 0)
      throw new UserError(
        `${file} holds the key of all secrets and may be read by everybody: chmod 0600 it`,
      );
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`plugins.secret_key_file: ${file} cannot be read: ${messageOf(error)}`, 1, {
      cause: error,
    });
  }
  const text = content.toString('latin1').trim();
  const key =
    content.length === 32
      ? content
      : /^[0-9a-f]{64}$/i.test(text)
        ? Buffer.from(text, 'hex')
        : Buffer.from(text, 'base64');
  if (key.length !== 32)
    throw new UserError(
      `plugins.secret_key_file: ${file} is no key: expected 32 bytes, plain or in hexadecimal or base64 (openssl rand -hex 32)`,
    );
  return new SecretBox(key);
}

function writeKey(file: string, { key }: SecretBox): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
    const handle = openSync(file, 'wx', 0o600);
    writeSync(handle, `${key.toString('hex')}\n`);
    fsyncSync(handle);
    closeSync(handle);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    throw new UserError(
      `the key for secrets cannot be written to ${file}: ${messageOf(error)}; see plugins.secret_key_file`,
      1,
      { cause: error },
    );
  }
}
