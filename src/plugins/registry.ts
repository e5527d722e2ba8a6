/** What is known of plugins: which services there are, and what became of every package. */
import type { RunnableService } from '../deliveries/runner.ts';
import type { JsonObject } from '../model.ts';
import type { Problem } from '../subscriptions/service.ts';

/** A service that was loaded. */
export interface LoadedService extends RunnableService {
  name: string;
  /** Undefined when the plugin brings no schema: any object will do. */
  checkConfig: ((config: JsonObject) => Problem[]) | undefined;
  dispose: () => Promise<void>;
}

/** What became of a service, or of a package whose manifest cannot be used. */
export interface PluginRecord {
  /** The package. */
  plugin: string;
  version: string | null;
  directory: string;
  service: string | null;
  state: 'loaded' | 'disabled' | 'failed';
  /** Why it is not loaded. */
  reason: string | null;
}

export class PluginRegistry {
  readonly #services = new Map<string, LoadedService>();
  readonly #records: PluginRecord[] = [];

  add(service: LoadedService): void {
    this.#services.set(service.name, service);
  }

  record(record: PluginRecord): void {
    this.#records.push(record);
  }

  find(name: string): LoadedService | undefined {
    return this.#services.get(name);
  }

  names(): string[] {
    return [...this.#services.keys()].sort();
  }

  records(): readonly PluginRecord[] {
    return this.#records;
  }

  /** What is wrong with a subscription's config; nothing when nobody provides the service. */
  checkConfig(service: string, config: JsonObject): Problem[] {
    return this.#services.get(service)?.checkConfig?.(config) ?? [];
  }

  /** Lets go of every service, the one loaded last first. */
  async dispose(onError: (service: string, error: unknown) => void): Promise<void> {
    for (const service of [...this.#services.values()].reverse()) {
      await service.dispose().catch((error: unknown) => onError(service.name, error));
    }
    this.#services.clear();
  }
}
