import { defineConfig } from 'vitest/config';

/** Tests run what was built, as users do; vitest must not compile it a second time. */
const common = {
  server: { deps: { external: [/\/dist\//] } },
  // On a busy machine a test of many steps takes minutes; what waits in vain gives up before, and says for what.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  pool: 'forks' as const,
};

export default defineConfig({
  test: {
    // Integration tests start a daemon each; more of them at once only get slower.
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/hostile/*.test.ts'],
        },
      },
      {
        test: {
          ...common,
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/hostile/daemon/*.test.ts'],
          globalSetup: ['test/support/shared-broker.ts'],
        },
      },
    ],
  },
});
