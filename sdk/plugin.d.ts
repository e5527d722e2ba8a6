export * from '../dist/plugin-api/index.js';
