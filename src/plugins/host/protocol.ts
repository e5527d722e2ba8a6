/** What the daemon and a plugin host, a process of its own, say to each other. Everything is JSON. */
import type { BusEvent, Json, JsonObject, Subscription } from '../../model.ts';
import type { TraceContext } from '../../plugin-api/contract.ts';
import type { HookExpectedError, HookRetry } from '../../plugin-api/errors.ts';
import type { Environment } from '../../plugin-api/handled-event.ts';
import type { HttpRequest } from '../../plugin-api/request.ts';
import type { EntryTraits } from '../entry.ts';
import type { ServiceEntry } from '../manifest.ts';

/** A package to be loaded. */
export interface PackageOrder {
  plugin: string;
  directory: string;
  entries: ServiceEntry[];
  variables: Record<string, string>;
  environment: Environment;
  /** What plugins get of the configuration. */
  config: JsonObject;
}

/** What became of an entry. */
export interface EntryReport {
  service: string;
  traits: EntryTraits | null;
  /** Why it cannot be used. */
  problem: ThrownError | null;
}

export interface PackageReport {
  entries: EntryReport[];
  /** Whether it asked for anything while it was loaded: then it has to run before its first delivery. */
  isListening: boolean;
}

/** Something a plugin threw. */
export interface ThrownError {
  message: string;
  stack: string;
}

export interface AttemptCall {
  plugin: string;
  service: string;
  subscription: Subscription;
  /** The event without its data, which comes as text. */
  event: Omit<BusEvent, 'data'>;
  dataJson: string;
  deliveryId: string;
  attempt: number;
  maxAttempts: number;
  trace: TraceContext | undefined;
}

export type AttemptAnswer =
  | { kind: 'detail'; detail: JsonObject | null }
  | { kind: 'requests'; requests: HttpRequest[] }
  | { kind: 'retry'; detail: JsonObject; after: number | null; endpoint: HookRetry['endpoint'] }
  | { kind: 'expected'; detail: JsonObject; endpoint: HookExpectedError['endpoint'] }
  | { kind: 'threw'; error: ThrownError };

/** A line of a plugin's log. */
export interface HostLogLine {
  plugin: string;
  /** null: written to the console, which belongs to the whole package. */
  service: string | null;
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  /** An object, as JSON. */
  fields: string;
}

/** A plugin's wish for raw events. */
export interface TapOrder {
  id: string;
  uuid: string;
  eventNames: string[];
  headers: JsonObject;
  matchAll: boolean;
  wazoUuid: string | null;
}

/** What a host does for the daemon. */
export interface HostFunctions {
  load(order: PackageOrder): Promise<PackageReport>;
  attempt(call: AttemptCall): Promise<AttemptAnswer>;
  /** An event for one of the taps. */
  event(tap: string, event: BusEvent): void;
  /** What its status providers say. */
  status(): Promise<Record<string, Json>>;
  variables(plugin: string, values: Record<string, string>): void;
  /** The daemon waits no longer for attempts in flight. */
  cut(): void;
  /** Disposes of everything; the process may then be ended. */
  end(): Promise<void>;
}

/** What the daemon does for a host. */
export interface DaemonFunctions {
  log(lines: HostLogLine[]): void;
  /** The process is about to end because of this. */
  fatal(error: ThrownError): void;
  publish(event: { name: string; data: Json; headers?: JsonObject }): Promise<void>;
  tap(order: TapOrder): Promise<void>;
  untap(id: string): Promise<void>;
  bindings(): Promise<{ uuid: string; event: string; headers: JsonObject }[]>;
  subscription(
    method: 'list' | 'get' | 'create' | 'update' | 'delete',
    args: unknown[],
  ): Promise<unknown>;
}
