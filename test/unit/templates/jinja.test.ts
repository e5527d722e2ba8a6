import { describe, expect, test } from 'vitest';
import { compileTemplate, TemplateError } from '../../../dist/templates/template.js';
import { renderWithJinja, type Rendered, type Rendering } from '../../support/jinja.ts';
import { contexts, expressions } from './cases-expressions.ts';
import { isKnownDifference } from './differences.ts';
import { templates } from './cases-templates.ts';

function renderHere({ template, variables }: Rendering): Rendered {
  try {
    return { text: compileTemplate(template).render(variables) };
  } catch (error) {
    if (error instanceof TemplateError) return { error: error.message };
    throw error;
  }
}

/** What ours and the real one disagree on: text against text, or text against an error. */
function disagreements(jobs: Rendering[]): string[] {
  const theirs = renderWithJinja(jobs);
  return jobs.flatMap((job, place) => {
    const [own, real] = [renderHere(job), theirs[place] ?? { error: 'no answer' }];
    const isSame =
      'text' in own && 'text' in real ? own.text === real.text : 'error' in own && 'error' in real;
    return isSame || isKnownDifference(job.template)
      ? []
      : [
          `${job.template}\n    ours:   ${JSON.stringify(own)}\n    theirs: ${JSON.stringify(real)}`,
        ];
  });
}

const inAllContexts = (all: readonly string[]): Rendering[] =>
  all.flatMap((template) => contexts.map((variables) => ({ template, variables })));

describe('the same as Jinja2 renders', () => {
  test(`${expressions.length} expressions`, () => {
    expect(new Set(expressions).size).toBeGreaterThanOrEqual(300);
    const all = expressions.map((expression) => `{{ ${expression} }}`);
    expect(disagreements(inAllContexts(all)).join('\n')).toBe('');
  });

  test(`${templates.length} whole templates`, () => {
    expect(new Set(templates).size).toBeGreaterThanOrEqual(40);
    expect(disagreements(inAllContexts(templates)).join('\n')).toBe('');
  });
});
