import { MasterTenantUnknown } from './principal.ts';

/** The tenant above all others: from the configuration, or told by wazo-auth some time after the start. */
export class MasterTenant {
  #uuid: string | undefined;
  readonly #known: Promise<void>;
  #tell: () => void = () => undefined;

  /** @param uuid undefined when it has to be found out */
  constructor(uuid: string | undefined) {
    this.#known = new Promise((resolve) => (this.#tell = resolve));
    if (uuid !== undefined) this.set(uuid);
  }

  /** Undefined as long as it is not known. */
  get uuid(): string | undefined {
    return this.#uuid;
  }

  /** Throws {@link MasterTenantUnknown}. */
  require(): string {
    if (this.#uuid === undefined) throw new MasterTenantUnknown();
    return this.#uuid;
  }

  /** Resolves when it is known. */
  known(): Promise<void> {
    return this.#known;
  }

  /** The first one stays: what was stored and decided with it would be wrong with another. */
  set(uuid: string): void {
    this.#uuid ??= uuid;
    this.#tell();
  }
}
