/** `/1.0/plugins`: what is installed, how it is, and what it is told. For the master tenant only. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { MasterTenant } from '../auth/master-tenant.ts';
import type { PluginManager } from '../plugins/manager.ts';
import type { PluginView } from '../plugins/plugin-view.ts';
import { InvalidVariable, type VariableState } from '../plugins/vault.ts';
import { array, boolean, integer, nothing, nullable, object, oneOf, string } from '../schema.ts';
import { requireMaster } from './auth.ts';
import { ApiError } from './errors.ts';
import { failures } from './schemas.ts';

export interface PluginRoutes {
  plugins: PluginManager;
  masterTenant: MasterTenant;
}

const VariableOutput = object({
  name: string(),
  description: nullable(string()),
  secret: boolean(),
  required: boolean(),
  is_set: boolean(),
  value: nullable(string(), { description: 'Never that of a secret.' }),
});

const PluginOutput = object({
  name: string(),
  version: string(),
  directory: string(),
  state: oneOf(['loaded', 'held', 'disabled', 'restarting', 'failed'], {
    description:
      'held: a required variable is missing; restarting: its process crashed. In every state but `loaded` its deliveries wait.',
  }),
  reason: nullable(string(), { description: 'Why it is in this state.' }),
  bundled: boolean({ description: 'It comes with the daemon.' }),
  inline: boolean({ description: 'It runs inside the daemon.' }),
  pid: nullable(integer(), { description: 'Of its process, while that runs.' }),
  entries: array(
    object({
      service: string(),
      responds_to: nullable(array(string()), { description: 'Of a handler: its events.' }),
      problem: nullable(string()),
    }),
  ),
  missing: array(string(), { description: 'Required variables that are not set.' }),
});

const NameParams = object({ name: string({ maxLength: 214, description: 'The package.' }) });
const VariableParams = object({
  ...NameParams.properties,
  variable: string({ maxLength: 128, description: 'The variable.' }),
});

interface ByName {
  Params: { name: string };
}

interface ByVariable {
  Params: { name: string; variable: string };
}

const toOutput = (view: PluginView) => ({
  name: view.name,
  version: view.version,
  directory: view.directory,
  state: view.state,
  reason: view.reason,
  bundled: view.isBundled,
  inline: view.isInline,
  pid: view.pid,
  entries: view.entries.map(({ service, respondsTo, problem }) => ({
    service,
    responds_to: respondsTo,
    problem,
  })),
  missing: view.missing,
});

const variableOutput = ({
  name,
  description,
  isSecret,
  isRequired,
  isSet,
  value,
}: VariableState) => ({
  name,
  description,
  secret: isSecret,
  required: isRequired,
  is_set: isSet,
  value,
});

const tags = ['plugins'];

export function pluginRoutes(scope: FastifyInstance, subjects: PluginRoutes): void {
  const { plugins, masterTenant } = subjects;

  scope.get(
    '/plugins',
    {
      schema: {
        tags,
        summary: 'List plugins',
        response: {
          200: object({
            items: array(PluginOutput),
            total: integer(),
            broken: array(object({ directory: string(), reason: string() }), {
              description: 'Packages that cannot be used at all.',
            }),
          }),
          ...failures(401),
        },
      },
    },
    (request) => {
      requireMaster(request, masterTenant);
      const items = plugins.list().map(toOutput);
      return Promise.resolve({ items, total: items.length, broken: plugins.broken });
    },
  );

  scope.get<ByName>(
    '/plugins/:name',
    {
      schema: {
        tags,
        summary: 'Show a plugin',
        params: NameParams,
        response: { 200: PluginOutput, ...failures(401, 404) },
      },
    },
    (request) => {
      requireMaster(request, masterTenant);
      return Promise.resolve(toOutput(plugins.get(request.params.name)));
    },
  );

  changeRoutes(scope, subjects);
  variableRoutes(scope, subjects);
}

function changeRoutes(scope: FastifyInstance, { plugins, masterTenant }: PluginRoutes): void {
  const add = (
    action: string,
    summary: string,
    work: (name: string) => Promise<PluginView | undefined>,
  ) =>
    scope.post<ByName>(
      `/plugins/:name/${action}`,
      {
        schema: {
          tags,
          summary,
          params: NameParams,
          response: { 200: PluginOutput, 204: nothing(), ...failures(401, 404, 409) },
        },
      },
      async (request, reply) => {
        requireMaster(request, masterTenant);
        const view = await work(request.params.name);
        return view === undefined ? reply.status(204).send() : toOutput(view);
      },
    );
  add('enable', 'Attempt the plugin’s deliveries again', (name) => plugins.enable(name));
  add('disable', 'Let the plugin’s deliveries wait', (name) => plugins.disable(name));
  add(
    'reload',
    'Take up the version that is installed now; 204 when there is none any more',
    (name) => plugins.reload(name),
  );
  scope.post(
    '/plugins/rekey',
    {
      schema: {
        tags,
        summary: 'Encrypt all secrets anew with a new key',
        response: {
          200: object({ secrets: integer({ description: 'How many there are.' }) }),
          ...failures(401),
        },
      },
    },
    async (request) => {
      requireMaster(request, masterTenant);
      return { secrets: await plugins.rekey() };
    },
  );
}

function variableRoutes(scope: FastifyInstance, { plugins, masterTenant }: PluginRoutes): void {
  const find = (request: FastifyRequest<ByVariable>) => {
    requireMaster(request, masterTenant);
    const { name, variable } = request.params;
    const found = plugins.get(name).variables.find((one) => one.name === variable);
    if (found === undefined)
      throw new ApiError('no-such-variable', `${name} declares no variable ${variable}`);
    return found;
  };

  scope.get<ByName>(
    '/plugins/:name/variables',
    {
      schema: {
        tags,
        summary: 'List what a plugin can be told',
        params: NameParams,
        response: {
          200: object({ items: array(VariableOutput), total: integer() }),
          ...failures(401, 404),
        },
      },
    },
    (request) => {
      requireMaster(request, masterTenant);
      const items = plugins.get(request.params.name).variables.map(variableOutput);
      return Promise.resolve({ items, total: items.length });
    },
  );

  scope.get<ByVariable>(
    '/plugins/:name/variables/:variable',
    {
      schema: {
        tags,
        summary: 'Show a variable; never the value of a secret',
        params: VariableParams,
        response: { 200: VariableOutput, ...failures(401, 404) },
      },
    },
    (request) => Promise.resolve(variableOutput(find(request))),
  );

  scope.put<ByVariable & { Body: { value: string } }>(
    '/plugins/:name/variables/:variable',
    {
      schema: {
        tags,
        summary: 'Set a variable; the plugin sees it at once',
        params: VariableParams,
        body: object({ value: string({ maxLength: 65_536 }) }),
        response: { 204: nothing(), ...failures(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const { name } = find(request);
      try {
        await plugins.setVariable(request.params.name, name, request.body.value);
      } catch (error) {
        if (error instanceof InvalidVariable) throw new ApiError('invalid-data', error.message);
        throw error;
      }
      return reply.status(204).send();
    },
  );

  scope.delete<ByVariable>(
    '/plugins/:name/variables/:variable',
    {
      schema: {
        tags,
        summary: 'Unset a variable',
        params: VariableParams,
        response: { 204: nothing(), ...failures(401, 404) },
      },
    },
    async (request, reply) => {
      const { name } = find(request);
      await plugins.setVariable(request.params.name, name, null);
      return reply.status(204).send();
    },
  );
}
