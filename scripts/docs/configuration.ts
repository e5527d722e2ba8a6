/** From the configuration's schema: the reference page, and the commented file that is installed. */
import { stringify } from 'yaml';
import { allowedValues, type KeySchema, rootKey, valueKeys } from '#dist/config/keys.js';
import { code, madeBy, table, wrap } from './markdown.ts';

const inYaml = (value: unknown) =>
  stringify(value, {
    collectionStyle: 'flow',
    flowCollectionPadding: false,
    lineWidth: 0,
    singleQuote: true,
  }).trim();

/** Sections of the reference page: the keys at the top level, then each section with those inside of it. */
export function configurationPage(): string {
  const top = Object.entries(rootKey.properties ?? {});
  const loose = top.filter(([, schema]) => schema.properties === undefined);
  const sections = top.filter(([, schema]) => schema.properties !== undefined);
  return (
    [
      '# Configuration',
      madeBy('src/config/schema.ts'),
      intro,
      '## Top level',
      keyTable(loose.map(([key, schema]) => ({ path: [key], schema }))),
      ...sections.flatMap(([key, schema]) => [
        `## ${code(key)}`,
        schema.description ?? '',
        keyTable([...valueKeys(schema, [key])]),
      ]),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

const intro = `The configuration is put together from five layers; a higher one overrides the ones before it, key by key:

1. the defaults on this page;
2. the main file: \`--config FILE\`, else \`WEBHOOKD_CONFIG\`, else \`/etc/webhookd/webhookd.yml\` (which need not exist);
3. the \`*.yml\` and \`*.yaml\` files of the directory \`extra_config_files\`, in the order of their names;
4. the environment: \`WEBHOOKD__BUS__HOST=rabbit\` sets \`bus.host\`. Two underscores stand between the parts;
   a value is read as YAML unless its key takes text;
5. flags of \`webhookd run\`: \`--debug\`, \`--log-level\`.

A relative path in a file starts from the folder of that file, another from where the command is run.

\`webhookd config check\` names every mistake with file, line and what is allowed; \`webhookd config show\`
prints each key with its value and the layer it comes from. The daemon does not start with a mistake.

After a SIGHUP the daemon reads the files anew. Keys marked **SIGHUP** take effect then. Of \`bus\`, the keys
\`url\`, \`username\`, \`password\`, \`host\`, \`port\`, \`vhost\` and \`tls\` are used by the next connection to the
broker. All others need a restart. A file with a mistake changes nothing.`;

function keyTable(keys: { path: string[]; schema: KeySchema }[]): string {
  return table(
    ['Key', 'Takes', 'Default', 'Meaning'],
    keys.map(({ path, schema }) => [
      code(path.join('.')),
      allowedValues(schema),
      code(inYaml(schema.default)),
      meaning(schema),
    ]),
  );
}

function meaning({ description = '', secret, reload }: KeySchema): string {
  return [
    description,
    ...(secret === true ? ['Masked where the configuration is shown.'] : []),
    ...(reload === true ? ['**SIGHUP**'] : []),
  ].join(' ');
}

/** Every key is commented out, so that a later version's defaults apply to all that was not set on purpose. */
export function configurationFile(): string {
  return `${fileHead}${fileKeys(rootKey, '')}`;
}

const fileHead = `# Configuration of webhookd: every key with its default.
# To change one, take away the # before it. A section may stay when all of its keys are commented out.
# "webhookd config check" says whether the result is right.
# (Made by "npm run docs" from the schema.)
`;

function fileKeys({ properties = {} }: KeySchema, indent: string): string {
  return Object.entries(properties)
    .map(([key, schema], place) => {
      const isSection = schema.properties !== undefined;
      const takes = isSection ? '' : ` (${allowedValues(schema)})`;
      const comment = wrap(`${schema.description ?? ''}${takes}`, 100 - indent.length).map(
        (line) => `${indent}# ${line}\n`,
      );
      const rest = isSection
        ? `${indent}${key}:\n${fileKeys(schema, `${indent}  `)}`
        : `${indent}#${key}: ${inYaml(schema.default)}\n`;
      return `${indent !== '' && place === 0 ? '' : '\n'}${comment.join('')}${rest}`;
    })
    .join('');
}
