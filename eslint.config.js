import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Strict and type-aware: a promise that nobody waits for is what kills a daemon. */
export default defineConfig(
  { ignores: ['**/dist/', 'build/', 'coverage/', 'sdk/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.json', 'test/tsconfig.json', 'plugins/*/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // What a library failed with is passed on as it is.
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      // The compiler keeps what it knew across an await, when `signal.aborted` may have changed.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // `() => socket.end()` as a listener is how everybody writes it.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Ports, counts and durations stand in messages.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Brackets say that a key may be missing: `process.env['HOME']`.
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      // A type alias is assignable to a JSON object, an interface is not.
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/consistent-indexed-object-style': 'off',
    },
  },
  {
    // What every event, delivery and attempt goes through. V8 makes a new hidden class, which is an old object, each time
    // a literal goes on after a spread that it begins with: microseconds, and garbage that stays for minutes.
    files: [
      'src/bus/message.ts',
      'src/deliveries/{attempt-report,intake,lane,runner}.ts',
      'src/events/**/*.ts',
      'src/plugins/{entry,host/child}.ts',
      'src/store/sqlite/{deliveries,packed-batch,purge,worker}.ts',
      'plugins/http/src/{exchange,plugin,request}.ts',
    ],
    ignores: ['src/events/samples.ts', 'src/events/samples/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ObjectExpression[properties.length>1] > SpreadElement:first-child',
          message:
            'Name the keys, put the spread last, or use Object.assign: this makes a hidden class at every call.',
        },
      ],
    },
  },
  {
    // Helpers of tests say what they read from another process.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-unnecessary-type-parameters': 'off' },
  },
  {
    // A method of a plugin may return nothing: with `undefined` alone, `async` methods without a return do not fit.
    files: ['src/plugin-api/contract.ts'],
    rules: { '@typescript-eslint/no-invalid-void-type': 'off' },
  },
);
