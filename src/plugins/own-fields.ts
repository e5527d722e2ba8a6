/** What a plugin logs beside its message: it must not pass for what the daemon itself says of the line. */

const ofTheDaemon: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'plugin', 'service']);

/** The fields as they are logged: one whose name is the daemon's is kept as `time_` and the like. */
export function ownFields(fields: object | null): object {
  if (fields === null) return {};
  // An error is logged as one, under a name of its own.
  if (fields instanceof Error || !Object.keys(fields).some((name) => ofTheDaemon.has(name)))
    return fields;
  const freeName = (name: string): string =>
    Object.hasOwn(fields, name) ? freeName(`${name}_`) : name;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => [
      ofTheDaemon.has(name) ? freeName(`${name}_`) : name,
      value,
    ]),
  );
}
