/** @jest-config-loader ts-node
 *  @jest-config-loader-options {"transpileOnly": true, "skipProject": true, "compilerOptions": {"module": "commonjs", "moduleResolution": "bundler", "target": "es2022", "esModuleInterop": true}} */
import type { Config } from 'jest';

// The suffix of a test file says its kind; run one kind with `npm run jest -- --selectProjects unit`.
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, diagnostics: false }] },
  roots: ['<rootDir>/test'],
  setupFiles: ['<rootDir>/test/support/without-store.ts'],
} satisfies Config;

const config: Config = {
  // A ceiling, not an expectation: a test that waits for an event on a busy machine may take its time.
  testTimeout: 60_000,
  // Jest leaves a core free, of two cores one: no test depends on speed, so none needs it.
  maxWorkers: '100%',
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: ['\\.(property|model|integration)\\.test\\.ts$'],
    },
    { ...common, displayName: 'property', testMatch: ['**/*.property.test.ts'] },
    { ...common, displayName: 'model', testMatch: ['**/*.model.test.ts'] },
    { ...common, displayName: 'integration', testMatch: ['**/*.integration.test.ts'] },
  ],
};

export default config;
