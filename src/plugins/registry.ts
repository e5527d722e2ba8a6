/** Which services there are, who provides them, and whether they can be called at present. */
import type { RunnableService } from '../deliveries/runner.ts';
import type { JsonObject } from '../model.ts';
import type { Problem } from '../subscriptions/service.ts';

/** A service that a plugin provides. */
export interface ProvidedService extends RunnableService {
  name: string;
  /** Undefined when the plugin brings no schema: any object will do. */
  checkConfig: ((config: JsonObject) => Problem[]) | undefined;
}

export class PluginRegistry {
  readonly #services = new Map<string, ProvidedService>();
  /** Those that can be called; the deliveries of the others wait. */
  readonly #available = new Map<string, ProvidedService>();
  readonly #onChange: () => void;

  /** @param onChange called when a service came or went */
  constructor(onChange: () => void = () => undefined) {
    this.#onChange = onChange;
  }

  /** Takes the place of all that the plugin provided before. */
  replace(plugin: string, services: readonly ProvidedService[], isAvailable: boolean): void {
    const isNew = new Set(services.map(({ name }) => name));
    for (const [name, former] of this.#services) {
      if (former.plugin !== plugin || isNew.has(name)) continue;
      this.#services.delete(name);
      this.#available.delete(name);
    }
    for (const service of services) {
      this.#services.set(service.name, service);
      if (isAvailable) this.#available.set(service.name, service);
      else this.#available.delete(service.name);
    }
    this.#onChange();
  }

  /** Whether deliveries of the plugin's services are attempted, or wait. */
  setAvailable(plugin: string, isAvailable: boolean): void {
    for (const service of this.#services.values()) {
      if (service.plugin !== plugin) continue;
      if (isAvailable) this.#available.set(service.name, service);
      else this.#available.delete(service.name);
    }
    this.#onChange();
  }

  /** The service, if it can be called. */
  find(name: string): ProvidedService | undefined {
    return this.#available.get(name);
  }

  /** Who provides the service, whether it can be called or not. */
  providerOf(name: string): string | undefined {
    return this.#services.get(name)?.plugin;
  }

  /** Services that can be called or will be. */
  names(): string[] {
    return [...this.#services.keys()].sort();
  }

  /** What is wrong with a subscription's config; nothing when nobody provides the service. */
  checkConfig(service: string, config: JsonObject): Problem[] {
    return this.#services.get(service)?.checkConfig?.(config) ?? [];
  }
}
