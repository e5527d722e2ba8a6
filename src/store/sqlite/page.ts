/** Pages of what has events in it: so many of them may be larger than any text, and than the memory. */

/** How much of events and details is in a page, characters; one item may be more. */
const mostCharacters = 16 * 1024 * 1024;

interface WithEvent {
  /** The event's, as JSON. */
  data: string;
  detail?: string;
}

/** The first rows, as many as fit, and whether others were left out. */
export function takePage<R extends WithEvent>(rows: Iterable<R>): { page: R[]; isCut: boolean } {
  const page: R[] = [];
  let size = 0;
  for (const row of rows) {
    size += row.data.length + (row.detail?.length ?? 0);
    if (size > mostCharacters && page.length > 0) return { page, isCut: true };
    page.push(row);
  }
  return { page, isCut: false };
}
