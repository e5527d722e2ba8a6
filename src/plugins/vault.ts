/** What administrators tell plugins: variables, the secret ones encrypted at rest. */
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { PluginVariable } from '../model.ts';
import { compileForeignSchema } from '../validation.ts';
import type { KeyFile } from './key-file.ts';
import type { PluginManifest, VariableDeclaration } from './manifest.ts';
import { redactorOf } from './redactor.ts';
import { SecretBox } from './secret-box.ts';

/** The setting that holds the key for what is kept, sealed: first it was for the requests of plugins. */
const keptKeySetting = 'request_key';

/** What the vault keeps in. */
export interface VaultStore {
  pluginVariables(): Promise<PluginVariable[]>;
  putPluginVariable(variable: PluginVariable): Promise<void>;
  deletePluginVariable(plugin: string, name: string): Promise<boolean>;
  setting(name: string): Promise<string | null>;
  /** Replaces all of these together. */
  rekey(variables: PluginVariable[], setting: { name: string; value: string }): Promise<void>;
}

/** A value that cannot be used, and why. */
export class InvalidVariable extends Error {
  override readonly name = 'InvalidVariable';
}

/** What is known of a declared variable. */
export interface VariableState extends VariableDeclaration {
  isSet: boolean;
  /** null for secrets, and when there is none. */
  value: string | null;
}

const purposeOf = (plugin: string, name: string) => `variable ${plugin} ${name}`;

export class Vault {
  #box: SecretBox = SecretBox.withNewKey();
  #kept: SecretBox = SecretBox.withNewKey();
  #stored = new Map<string, PluginVariable>();
  /** By manifest, until a variable changes: to make one, all secrets are decrypted. */
  #redactors = new WeakMap<object, (text: string) => string>();

  constructor(
    private readonly store: VaultStore,
    private readonly keyFile: KeyFile,
    private readonly log: Logger,
  ) {}

  /** Throws UserError when the key cannot be read, or is not the one that was used. */
  async open(): Promise<void> {
    const sealed = await this.store.setting(keptKeySetting);
    this.#box = this.keyFile.read(sealed?.split('.')[1] ?? null);
    for (const variable of await this.store.pluginVariables())
      this.#stored.set(purposeOf(variable.plugin, variable.name), variable);
    await this.#openKept(sealed);
  }

  /**
   * A text of the daemon's own, to be kept: a change of the key does not touch it.
   *
   * @param purpose what it is for; the same is needed to open it
   */
  seal(text: string, purpose: string): string {
    return this.#kept.seal(text, purpose);
  }

  /** @throws CannotOpen */
  unseal(sealed: string, purpose: string): string {
    return this.#kept.open(sealed, purpose);
  }

  /** What a plugin is told: what was set, and the defaults. */
  valuesOf({ name: plugin, variables }: Pick<PluginManifest, 'name' | 'variables'>) {
    const values: Record<string, string> = {};
    for (const declared of variables) {
      const value = this.#read(plugin, declared) ?? declared.default;
      if (value !== null) values[declared.name] = value;
    }
    return values;
  }

  /** Takes the plugin's secrets out of a text. */
  redactor(manifest: Pick<PluginManifest, 'name' | 'variables'>): (text: string) => string {
    const known = this.#redactors.get(manifest);
    if (known !== undefined) return known;
    const values = this.valuesOf(manifest);
    const redactor = redactorOf(
      manifest.variables.flatMap(({ name, isSecret }) =>
        isSecret && values[name] !== undefined ? [values[name]] : [],
      ),
    );
    this.#redactors.set(manifest, redactor);
    return redactor;
  }

  /** Names of required variables without a value. */
  missing(manifest: Pick<PluginManifest, 'name' | 'variables'>): string[] {
    const values = this.valuesOf(manifest);
    return manifest.variables
      .filter(({ name, isRequired }) => isRequired && values[name] === undefined)
      .map(({ name }) => name);
  }

  /** Every declared variable, secrets without their values. */
  list({ name: plugin, variables }: Pick<PluginManifest, 'name' | 'variables'>): VariableState[] {
    return variables.map((declared) => {
      const value = this.#read(plugin, declared);
      return {
        ...declared,
        isSet: value !== null,
        value: declared.isSecret ? null : (value ?? declared.default),
      };
    });
  }

  /** Throws {@link InvalidVariable}. */
  async set(plugin: string, declared: VariableDeclaration, value: string): Promise<void> {
    checkValue(declared, value);
    const { name, isSecret } = declared;
    const purpose = purposeOf(plugin, name);
    const variable = {
      plugin,
      name,
      isSealed: isSecret,
      value: isSecret ? this.#box.seal(value, purpose) : value,
    };
    await this.store.putPluginVariable(variable);
    this.#stored.set(purpose, variable);
    this.#redactors = new WeakMap();
  }

  /** Whether there was one. */
  async unset(plugin: string, name: string): Promise<boolean> {
    this.#stored.delete(purposeOf(plugin, name));
    this.#redactors = new WeakMap();
    return this.store.deletePluginVariable(plugin, name);
  }

  /** Forgets all of a plugin. */
  async forget(plugin: string): Promise<void> {
    for (const variable of [...this.#stored.values()])
      if (variable.plugin === plugin) await this.unset(plugin, variable.name);
  }

  /**
   * Encrypts everything anew with a new key. A crash in between leaves both keys, and what is stored says
   * which of them is in use.
   *
   * @returns how many secrets there are
   */
  async rekey(): Promise<number> {
    const next = SecretBox.withNewKey();
    const sealed = [...this.#stored.values()].filter(({ isSealed }) => isSealed);
    const resealed = sealed.map((variable) => {
      const purpose = purposeOf(variable.plugin, variable.name);
      return { ...variable, value: next.seal(this.#box.open(variable.value, purpose), purpose) };
    });
    this.keyFile.prepare(next);
    try {
      await this.store.rekey(resealed, {
        name: keptKeySetting,
        value: sealKeptKey(next, this.#kept),
      });
    } catch (error) {
      this.keyFile.discard();
      throw error;
    }
    this.keyFile.confirm();
    this.#box = next;
    for (const variable of resealed)
      this.#stored.set(purposeOf(variable.plugin, variable.name), variable);
    return resealed.length;
  }

  #read(plugin: string, { name }: VariableDeclaration): string | null {
    const purpose = purposeOf(plugin, name);
    const variable = this.#stored.get(purpose);
    if (variable === undefined) return null;
    if (!variable.isSealed) return variable.value;
    try {
      return this.#box.open(variable.value, purpose);
    } catch (error) {
      this.log.error(
        { plugin },
        `the variable ${name} cannot be decrypted with ${this.keyFile.file}: ${messageOf(error)}; set it again`,
      );
      return null;
    }
  }

  async #openKept(sealed: string | null): Promise<void> {
    if (sealed === null)
      await this.store.rekey([], {
        name: keptKeySetting,
        value: sealKeptKey(this.#box, this.#kept),
      });
    else this.#kept = new SecretBox(Buffer.from(this.#box.open(sealed, keptKeySetting), 'hex'));
  }
}

const sealKeptKey = (box: SecretBox, kept: SecretBox) =>
  box.seal(kept.key.toString('hex'), keptKeySetting);

const longest = 65_536;

function checkValue({ name, schema }: VariableDeclaration, value: string): void {
  if (value.length > longest)
    throw new InvalidVariable(`${name}: ${value.length} characters, ${longest} are allowed`);
  if (schema === null) return;
  const errors = compileForeignSchema(schema)(value);
  if (errors !== null)
    throw new InvalidVariable(
      `${name}: ${errors.map(({ message }) => message ?? 'is wrong').join('; ')}`,
    );
}
