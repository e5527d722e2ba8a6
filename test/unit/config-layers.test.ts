import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../dist/config/load.js';
import { type ConfigText, configPlaces, loadText } from '../support/config.ts';
import { tempFolder, writeFiles } from '../support/temp.ts';

const levels: { name: string; text: ConfigText; expected: string }[] = [
  { name: 'the default, when nobody says anything', text: {}, expected: 'info' },
  { name: 'the main file over the default', text: { main: 'log_level: debug' }, expected: 'debug' },
  {
    name: 'an extra file over the main file',
    text: { main: 'log_level: debug', extra: { '10.yml': 'log_level: warning' } },
    expected: 'warning',
  },
  {
    name: 'the extra file whose name comes last over the others',
    text: {
      extra: {
        '20.yml': 'log_level: error',
        '10.yml': 'log_level: warning',
        '15.yaml': 'log_level: trace',
      },
    },
    expected: 'error',
  },
  {
    name: 'the environment over all files',
    text: {
      main: 'log_level: debug',
      extra: { '10.yml': 'log_level: warning' },
      environment: { WEBHOOKD__LOG_LEVEL: 'error' },
    },
    expected: 'error',
  },
  {
    name: 'a flag over everything',
    text: {
      main: 'log_level: debug',
      environment: { WEBHOOKD__LOG_LEVEL: 'error' },
      flags: { log_level: 'critical' },
    },
    expected: 'critical',
  },
];

describe('the layers of the configuration', () => {
  test.each(levels)('takes $name', ({ text, expected }) => {
    expect(loadText(text).config.logLevel).toBe(expected);
  });

  test('are merged key by key inside of sections', () => {
    const { bus } = loadText({
      main: 'bus: { host: from-main, port: 1111, tls: { ca_file: /main } }',
      extra: { 'a.yml': 'bus: { port: 2222, tls: { verify_certificate: false } }' },
      environment: { WEBHOOKD__BUS__VHOST: 'from-environment' },
    }).config;
    expect(bus).toMatchObject({
      host: 'from-main',
      port: 2222,
      vhost: 'from-environment',
      username: 'guest',
    });
    expect(bus.tls).toEqual({
      caFile: '/main',
      verifyCertificate: false,
      certFile: null,
      keyFile: null,
    });
  });

  test('a list of a higher layer replaces the list below it', () => {
    const { restApi } = loadText({
      main: 'rest_api: { cors: { origins: [https://a, https://b] } }',
      extra: { 'a.yml': 'rest_api: { cors: { origins: [https://c] } }' },
    }).config;
    expect(restApi.cors.origins).toEqual(['https://c']);
  });

  test('a section whose keys are all commented out sets nothing, and takes nothing back', () => {
    const { bus, enabledServices } = loadText({
      main: 'bus: { host: kept }\nenabled_services: { http: false }',
      extra: { 'a.yml': 'bus:\n  # host: other\nenabled_services:\n  # http: true\n' },
    }).config;
    expect(bus.host).toBe('kept');
    expect(enabledServices).toEqual({ http: false });
  });

  test('an empty main file means the defaults', () => {
    expect(loadText({ main: '' }).config).toMatchObject({ logLevel: 'info', hookMaxAttempts: 10 });
    expect(loadText({ main: '# nothing\n' }).config.bus.exchangeName).toBe('wazo-headers');
  });

  test('files in the extra directory that are no YAML files are not read', () => {
    const extra = { 'notes.txt': ': not : yaml', 'a.yml.orig': 'log_level: nonsense' };
    expect(loadText({ extra }).config.logLevel).toBe('info');
  });

  test('the main file may name the extra directory', () => {
    const folder = tempFolder();
    writeFiles(folder, {
      'main.yml': `extra_config_files: ${join(folder, 'more')}`,
      'more/a.yml': 'log_level: trace',
    });
    expect(loadConfig({ file: join(folder, 'main.yml'), environment: {} }).config.logLevel).toBe(
      'trace',
    );
  });

  test('WEBHOOKD_CONFIG names the main file when no flag does', () => {
    const folder = tempFolder();
    writeFiles(folder, { 'named.yml': 'log_level: trace' });
    const environment = {
      WEBHOOKD_CONFIG: join(folder, 'named.yml'),
      WEBHOOKD__EXTRA_CONFIG_FILES: folder,
    };
    expect(loadConfig({ environment }).config.logLevel).toBe('trace');
  });

  test('a reload reads the files anew', () => {
    const folder = tempFolder();
    expect(loadText({ main: 'log_level: debug' }, folder).config.logLevel).toBe('debug');
    writeFiles(folder, { 'webhookd.yml': 'log_level: error' });
    expect(loadConfig({ file: configPlaces(folder).main, environment: {} }).config.logLevel).toBe(
      'error',
    );
  });
});

test('a relative path in a file starts from that file’s folder, one in the environment from where the daemon runs', () => {
  const folder = tempFolder();
  writeFiles(folder, {
    'webhookd.yml': [
      'database: { uri: "sqlite:./webhookd.db" }',
      'plugins: { directory: plugins }',
      'log_file: /var/log/x.log',
      'extra_config_files: conf.d',
    ].join('\n'),
    'conf.d/10.yml': 'rest_api: { certificate: ../own.crt, private_key: own.key }',
  });
  const { values } = loadConfig({
    file: join(folder, 'webhookd.yml'),
    environment: { WEBHOOKD__PLUGINS__SECRET_KEY_FILE: './own.secret' },
  });
  expect(values).toMatchObject({
    database: { uri: `sqlite:${folder}/webhookd.db` },
    plugins: { directory: `${folder}/plugins`, secret_key_file: './own.secret' },
    log_file: '/var/log/x.log',
    extra_config_files: `${folder}/conf.d`,
    rest_api: { certificate: `${folder}/own.crt`, private_key: `${folder}/conf.d/own.key` },
  });
});

describe('values from the environment', () => {
  test('are numbers, booleans and lists where the key takes those', () => {
    const { config } = loadText({
      environment: {
        WEBHOOKD__BUS__PORT: '5673',
        WEBHOOKD__DEBUG: 'true',
        WEBHOOKD__REST_API__CORS__ORIGINS: '[https://a, https://b]',
        WEBHOOKD__ENABLED_SERVICES__MOBILE: 'false',
      },
    });
    expect(config.bus.port).toBe(5673);
    expect(config.debug).toBe(true);
    expect(config.restApi.cors.origins).toEqual(['https://a', 'https://b']);
    expect(config.enabledServices).toEqual({ mobile: false });
  });

  test.each(['12345', 'true', 'null', '@at', '"quoted', 'a: b', '# hash', ''])(
    'are text where the key takes text: %s',
    (value) => {
      expect(
        loadText({ environment: { WEBHOOKD__BUS__PASSWORD: value } }).config.bus.password,
      ).toBe(value);
    },
  );

  test('without the prefix mean nothing', () => {
    const environment = {
      WEBHOOKD_LOG_LEVEL: 'error',
      LOG_LEVEL: 'error',
      webhookd__log_level: 'error',
    };
    expect(loadText({ environment }).config.logLevel).toBe('info');
  });
});
