/** The validator's findings as problems of fields. */
import type { ErrorObject } from 'ajv';
import type { Problem } from './service.ts';

/** @param prefix put before the names of fields: `config` makes `url` into `config.url` */
export function problemsFrom(errors: readonly ErrorObject[], prefix = ''): Problem[] {
  const problems = errors
    .filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'oneOf' && keyword !== 'if')
    .filter((error) => !isOtherBranch(error, errors))
    .map((error) => toProblem(error, prefix));
  return problems.length > 0 ? problems : errors.map((error) => toProblem(error, prefix));
}

/** Of a value that may be null, what is wrong with the value says more than that it is not null. */
function isOtherBranch(error: ErrorObject, errors: readonly ErrorObject[]): boolean {
  const isNullBranch = error.keyword === 'type' && error.params['type'] === 'null';
  return (
    isNullBranch &&
    errors.some(
      ({ instancePath, keyword, params }) =>
        instancePath === error.instancePath && keyword !== 'anyOf' && params['type'] !== 'null',
    )
  );
}

function toProblem(
  { instancePath, keyword, message, params }: ErrorObject,
  prefix: string,
): Problem {
  const path = [prefix, ...instancePath.split('/').slice(1)].filter((part) => part !== '');
  const named: unknown = params['missingProperty'] ?? params['additionalProperty'];
  if (typeof named === 'string') path.push(named);
  const text =
    keyword === 'required'
      ? 'is missing'
      : keyword === 'additionalProperties'
        ? 'is not known here'
        : Array.isArray(params['type'])
          ? `must be ${params['type'].join(' or ')}`
          : (message ?? 'is wrong');
  const limit: unknown =
    params['limit'] ??
    params['allowedValues'] ??
    params['pattern'] ??
    params['type'] ??
    params['format'];
  return {
    field: path.join('.') || 'body',
    message: text,
    constraint: keyword,
    ...(limit === undefined ? {} : { limit }),
  };
}
