import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const withDatabase = { globalSetup: ['tests/support/global-setup.ts'] }

export default defineConfig({
  test: {
    // A process takes file after file: what they import is loaded once. So a file leaves nothing behind in its process.
    isolate: false,
    // Tests wait for processes and databases more than they compute.
    maxWorkers: Math.max(3, availableParallelism()),
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          ...withDatabase,
        },
      },
      {
        extends: true,
        test: {
          name: 'acceptance',
          include: ['tests/acceptance/**/*.test.ts'],
          ...withDatabase,
        },
      },
      {
        extends: true,
        test: {
          name: 'crash',
          include: ['tests/crash/**/*.test.ts'],
          testTimeout: 300_000,
          isolate: true,
          fileParallelism: false,
          ...withDatabase,
        },
      },
    ],
  },
})
