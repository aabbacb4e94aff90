const EARLIEST = Date.parse('0001-01-01T00:00:00.000Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** Whether every database can hold a moment, in milliseconds since 1970: one of the years 1 to 9999 (UTC). False for NaN. */
export const isStorableMoment = (time: number): boolean => time >= EARLIEST && time <= LATEST;
