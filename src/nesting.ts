/**
 * Whether a value has lists and objects one in the other for more than so many levels; one that is within itself
 * has. Whoever goes through it by calling itself would run out of stack.
 */
export function isNestedDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return levels === 0 || Object.values(value).some((inner) => isNestedDeeper(inner, levels - 1));
}
