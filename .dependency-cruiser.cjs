/** Arrows between the rooms point one way; see the list of rooms in CONTRIBUTING.md. */

/** Imports of types vanish when compiled: they couple words, not code. */
const runtime = { dependencyTypesNot: ['type-only'] };

/** What a room may not use at run time. */
const mayNotUse = (room, others, comment) => ({
  name: `${room}-knows-its-place`,
  comment,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: `^src/(${others.join('|')})/`, ...runtime },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Modules that need each other cannot be understood, or started, one by one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'not-to-dev',
      comment: 'What is installed by users has dependencies only.',
      severity: 'error',
      from: { path: '^(src|plugins/[^/]+/src)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only', 'npm-peer'],
      },
    },
    {
      name: 'nothing-uses-the-cli',
      comment: 'The command line is an entrance.',
      severity: 'error',
      from: { path: '^src/(?!cli/)' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'only-entrances-use-the-daemon',
      comment: 'The composition root knows all; nobody but the entrances knows it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|daemon/|index\\.ts$)' },
      to: { path: '^src/daemon/' },
    },
    mayNotUse(
      'auth',
      ['api', 'bus', 'store', 'deliveries', 'plugins', 'subscriptions', 'plugin-api'],
      'Who may do what is asked by the API and asks nobody but wazo-auth.',
    ),
    mayNotUse(
      'bus',
      ['api', 'auth', 'store', 'deliveries', 'plugins', 'subscriptions', 'plugin-api'],
      'The bus knows AMQP and nothing else.',
    ),
    mayNotUse(
      'store',
      ['api', 'auth', 'bus', 'deliveries', 'plugins', 'subscriptions', 'plugin-api'],
      'The store knows SQL and nothing else.',
    ),
    mayNotUse(
      'deliveries',
      ['api', 'auth', 'plugins'],
      'Deliveries do not know where services come from.',
    ),
    mayNotUse(
      'plugins',
      ['api', 'auth', 'bus', 'store', 'deliveries'],
      'Plugins are loaded without knowing who calls them.',
    ),
    mayNotUse(
      'subscriptions',
      ['api', 'auth', 'bus', 'store', 'deliveries', 'plugins', 'plugin-api'],
      'Who wants what is asked by all rooms and asks none.',
    ),
    mayNotUse(
      'templates',
      [
        'api',
        'auth',
        'bus',
        'config',
        'store',
        'deliveries',
        'plugins',
        'subscriptions',
        'plugin-api',
      ],
      'Templates know values and nothing they could reach.',
    ),
    mayNotUse(
      'config',
      ['api', 'auth', 'bus', 'store', 'deliveries', 'plugins', 'subscriptions', 'plugin-api'],
      'The configuration is read before anything is there.',
    ),
    mayNotUse(
      'plugin-api',
      ['api', 'auth', 'bus', 'store', 'deliveries', 'plugins', 'subscriptions', 'config'],
      'Plugins get this module, and none of the daemon with it.',
    ),
    {
      name: 'bundled-plugins-are-plugins',
      comment: 'A bundled plugin uses what any plugin may use.',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/' },
      to: {
        pathNot: ['^plugins/$1/', '^dist/plugin-api/index', 'node_modules/(?!webhookd)'],
        dependencyTypesNot: ['core'],
      },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '(^|/)dist/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'default'],
    },
  },
};
