/** What `npm run check` has to say of the package as it would be published. */
import process from 'node:process';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { root } from './bootstrap.mjs';

// Packing would build anew, under the feet of whatever runs from what was built.
process.env['npm_config_ignore_scripts'] = 'true';
const { messages, pkg } = await publint({ pkgDir: root, strict: true, pack: 'npm' });
// sdk/ is a package of its own, which new plugins link to: there its fields count.
const isMeant = ({ code, args }) =>
  code === 'NESTED_PACKAGE_JSON_FIELD_IGNORED' && args.filePath.endsWith('sdk/package.json');
const findings = messages.filter((message) => !isMeant(message));
for (const finding of findings) console.error(formatMessage(finding, pkg));
process.exitCode = findings.length === 0 ? 0 : 1;
