/** The real Jinja2, to compare with. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from './root.ts';

export interface Rendering {
  template: string;
  variables: Record<string, unknown>;
}

/** The text, or what was wrong. */
export type Rendered = { text: string } | { error: string };

/** The Python that has Jinja2: the system's, or the first on the path. */
const python =
  ['/usr/bin/python3', 'python3'].find(
    (candidate) => spawnSync(candidate, ['-c', 'import jinja2.sandbox']).status === 0,
  ) ?? 'python3';

/** Renders all with Python's Jinja2 in one process. */
export function renderWithJinja(jobs: Rendering[]): Rendered[] {
  const { status, stdout, stderr } = spawnSync(
    python,
    [join(packageRoot, 'test/support/jinja.py')],
    { input: JSON.stringify(jobs), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (status !== 0) throw new Error(`python3 with Jinja2 failed: ${stderr}`);
  return JSON.parse(stdout) as Rendered[];
}
