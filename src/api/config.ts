/** `/1.0/config`: the running configuration, for the master tenant. */
import type { FastifyInstance } from 'fastify';
import type { MasterTenant } from '../auth/master-tenant.ts';
import { array, boolean, object, oneOf, open } from '../schema.ts';
import { requireMaster } from './auth.ts';
import { failures } from './schemas.ts';

/** The configuration the daemon runs with. */
export interface RunningConfig {
  /** In the words of the files, secrets masked. */
  shown(): Record<string, unknown>;
  /** Until the next start or reload. */
  setDebug(debug: boolean): void;
}

/** JSON Patch (RFC 6902), of which there is one operation on one key. */
const ConfigPatch = array(
  object({
    op: oneOf(['replace']),
    path: oneOf(['/debug']),
    value: boolean(),
  }),
  { description: 'A JSON Patch: `replace` of `/debug` is all there is.' },
);

const ConfigOutput = open({ description: 'The configuration; secrets are masked.' });

export function configRoutes(
  scope: FastifyInstance,
  { masterTenant, runningConfig }: { masterTenant: MasterTenant; runningConfig: RunningConfig },
): void {
  const tags = ['config'];

  scope.get(
    '/config',
    {
      schema: {
        tags,
        summary: 'Show the running configuration',
        response: { 200: ConfigOutput, ...failures(401, 503) },
      },
    },
    (request) => {
      requireMaster(request, masterTenant);
      return Promise.resolve(runningConfig.shown());
    },
  );

  void scope.register((patching, _options, done) => {
    // Clients send the patch as application/json-patch+json, as application/json, or without a type.
    patching.removeAllContentTypeParsers();
    patching.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, parsed) => {
      try {
        parsed(null, JSON.parse(String(body)));
      } catch (error) {
        parsed(error as Error);
      }
    });
    patching.patch<{ Body: { value: boolean }[] }>(
      '/config',
      {
        schema: {
          tags,
          summary: 'Change the running configuration',
          body: ConfigPatch,
          response: { 200: ConfigOutput, ...failures(400, 401, 503) },
        },
      },
      (request) => {
        requireMaster(request, masterTenant);
        for (const { value } of request.body) runningConfig.setDebug(value);
        return Promise.resolve(runningConfig.shown());
      },
    );
    done();
  });
}
