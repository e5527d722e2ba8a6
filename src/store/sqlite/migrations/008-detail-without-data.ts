/** The event's data are not kept again with every attempt: `data_key` says where in the detail they belong. */
export const detailWithoutData = `
ALTER TABLE attempts ADD COLUMN data_key TEXT;
`;
