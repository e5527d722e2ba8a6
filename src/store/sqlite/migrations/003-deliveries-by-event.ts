/** An event goes with its last delivery: to see whether there is another one must not read them all. */
export const deliveriesByEvent = `
CREATE INDEX deliveries_by_event ON deliveries (event_id);
`;
