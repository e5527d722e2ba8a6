/** What the parser makes of a template. */
import type { Value } from './values.ts';

export type Expression =
  | { kind: 'constant'; value: Value }
  | { kind: 'name'; name: string }
  | { kind: 'list' | 'tuple' | 'concat'; items: Expression[] }
  | { kind: 'dict'; entries: [Expression, Expression][] }
  | { kind: 'attribute'; of: Expression; name: string }
  | { kind: 'item'; of: Expression; key: Expression }
  | {
      kind: 'slice';
      of: Expression;
      start: Expression | null;
      stop: Expression | null;
      step: Expression | null;
    }
  | { kind: 'call'; callee: Expression; args: Arguments }
  | { kind: 'filter'; of: Expression; name: string; args: Arguments }
  | { kind: 'test'; of: Expression; name: string; args: Arguments }
  | { kind: 'not' | 'negative' | 'positive'; of: Expression }
  | { kind: 'and' | 'or'; left: Expression; right: Expression }
  | { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression }
  | { kind: 'compare'; first: Expression; rest: { operator: Comparison; with: Expression }[] }
  | { kind: 'if'; test: Expression; then: Expression; else: Expression | null; line: number };

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export interface Arguments {
  positional: Expression[];
  named: [string, Expression][];
  /** `*these` */
  list: Expression | null;
  /** `**these` */
  mapping: Expression | null;
}

/** Where values go: a name, names in parentheses, or an attribute of a namespace. */
export type Target =
  | { kind: 'name'; name: string }
  | { kind: 'names'; targets: Target[] }
  | { kind: 'attribute'; of: string; name: string };

export interface Parameter {
  name: string;
  default: Expression | null;
}

/** A statement with the place and the text it has in the template. */
export type Statement = { line: number; source: string } & (
  | { kind: 'text'; text: string }
  | { kind: 'output'; of: Expression }
  | { kind: 'if'; branches: { test: Expression; body: Statement[] }[]; else: Statement[] }
  | {
      kind: 'for';
      target: Target;
      over: Expression;
      test: Expression | null;
      isRecursive: boolean;
      body: Statement[];
      else: Statement[];
    }
  | { kind: 'set'; target: Target; value: Expression }
  | { kind: 'set block'; target: Target; filters: FilterStep[]; body: Statement[] }
  | { kind: 'with'; assignments: [Target, Expression][]; body: Statement[] }
  | { kind: 'macro'; name: string; parameters: Parameter[]; body: Statement[] }
  | { kind: 'call block'; parameters: Parameter[]; call: Expression; body: Statement[] }
  | { kind: 'filter block'; filters: FilterStep[]; body: Statement[] }
  | { kind: 'block'; body: Statement[] }
);

/** A filter of a chain that has nothing before it. */
export interface FilterStep {
  name: string;
  args: Arguments;
}
