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
