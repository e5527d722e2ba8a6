/** Commands whose code is loaded when they are asked for: they need much, and most commands need little of it. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';

/** What a command takes and does. */
export interface LaterCommand<T> {
  builder: (yargs: Argv) => Argv<T>;
  handler: (args: ArgumentsCamelCase<T>) => void | Promise<void>;
}

/** @param load imports the command's module */
export function later<T>(
  command: string,
  describe: string,
  load: () => Promise<LaterCommand<T>>,
): CommandModule<object, T> {
  return {
    command,
    describe,
    builder: async (yargs) => (await load()).builder(yargs),
    handler: async (args) => (await load()).handler(args),
  };
}
