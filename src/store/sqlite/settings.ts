/** Tables of what people told the daemon: settings, tokens, plugins. */
import type Database from 'better-sqlite3';
import type { AccessToken, PluginState, PluginVariable } from '../../model.ts';

interface TokenRow {
  uuid: string;
  name: string;
  hash: string;
  tenant_uuid: string | null;
  user_uuid: string | null;
  acl: string;
  created_at: number;
}

interface PluginRow {
  name: string;
  is_enabled: number;
  reason: string | null;
  traits: string | null;
}

interface VariableRow {
  plugin: string;
  name: string;
  value: string;
  is_sealed: number;
}

export function settingTables(database: Database.Database) {
  const tables = {
    tokens: (): AccessToken[] =>
      database
        .prepare<[], TokenRow>('SELECT * FROM tokens ORDER BY created_at, uuid')
        .all()
        .map(toToken),

    putToken(token: AccessToken): void {
      database
        .prepare(
          `INSERT OR REPLACE INTO tokens (uuid, name, hash, tenant_uuid, user_uuid, acl, created_at)
           VALUES (@uuid, @name, @hash, @tenantUuid, @userUuid, @acl, @createdAt)`,
        )
        .run({ ...token, acl: JSON.stringify(token.acl) });
    },

    deleteToken: (uuid: string): boolean =>
      database.prepare('DELETE FROM tokens WHERE uuid = ?').run(uuid).changes > 0,

    setting: (name: string): string | null =>
      database
        .prepare<[string], string>('SELECT value FROM settings WHERE name = ?')
        .pluck()
        .get(name) ?? null,

    putSetting(name: string, value: string): void {
      database.prepare('INSERT OR REPLACE INTO settings VALUES (?, ?)').run(name, value);
    },

    pluginStates: (): PluginState[] =>
      database
        .prepare<[], PluginRow>('SELECT * FROM plugins ORDER BY name')
        .all()
        .map(({ is_enabled: isEnabled, ...rest }) => ({ ...rest, isEnabled: isEnabled === 1 })),

    putPluginState({ name, isEnabled, reason, traits }: PluginState): void {
      database
        .prepare('INSERT OR REPLACE INTO plugins VALUES (?, ?, ?, ?)')
        .run(name, isEnabled ? 1 : 0, reason, traits);
    },

    deletePluginState(name: string): void {
      database.prepare('DELETE FROM plugins WHERE name = ?').run(name);
    },

    pluginVariables: (): PluginVariable[] =>
      database
        .prepare<[], VariableRow>('SELECT * FROM plugin_variables ORDER BY plugin, name')
        .all()
        .map(({ is_sealed: isSealed, ...rest }) => ({ ...rest, isSealed: isSealed === 1 })),

    putPluginVariable({ plugin, name, value, isSealed }: PluginVariable): void {
      database
        .prepare('INSERT OR REPLACE INTO plugin_variables VALUES (?, ?, ?, ?)')
        .run(plugin, name, value, isSealed ? 1 : 0);
    },

    deletePluginVariable: (plugin: string, name: string): boolean =>
      database
        .prepare('DELETE FROM plugin_variables WHERE plugin = ? AND name = ?')
        .run(plugin, name).changes > 0,

    rekey(variables: PluginVariable[], setting: { name: string; value: string }): void {
      database.transaction(() => {
        for (const variable of variables) tables.putPluginVariable(variable);
        tables.putSetting(setting.name, setting.value);
      })();
    },
  };
  return tables;
}

const toToken = ({
  tenant_uuid: tenantUuid,
  user_uuid: userUuid,
  acl,
  created_at: createdAt,
  ...rest
}: TokenRow): AccessToken => ({
  ...rest,
  tenantUuid,
  userUuid,
  acl: JSON.parse(acl) as string[],
  createdAt,
});
