/** A spreadsheet runs a cell that begins with one of these as a formula (OWASP, CSV Injection). */
const FORMULA = /^[=+\-@\t\r]/;

/** One line of a CSV file (RFC 4180). Text that a spreadsheet would run is given a leading apostrophe. */
export function csvLine(values: readonly (string | number | boolean | Date | null)[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: string | number | boolean | Date | null): string {
  if (value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const raw = value instanceof Date ? value.toISOString() : FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(raw) ? `"${raw.replaceAll('"', '""')}"` : raw;
}
