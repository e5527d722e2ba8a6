/** Every filter there is, by name. */
import { collectionFilters } from './collection-filters.ts';
import type { Filter } from './filter.ts';
import { numberFilters } from './number-filters.ts';
import { selectionFilters } from './selection-filters.ts';
import { textFilters } from './text-filters.ts';
import { urlFilters } from './url-filters.ts';

export const filters: ReadonlyMap<string, Filter> = new Map([
  ...textFilters,
  ...numberFilters,
  ...collectionFilters,
  ...selectionFilters,
  ...urlFilters,
]);
