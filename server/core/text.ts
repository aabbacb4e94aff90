/** The beginning of a text, at most `length` characters of it: as a copy, since a slice would keep the whole text in memory. */
export function headOf(text: string, length: number): string {
  return text.length > length ? Buffer.from(text.slice(0, length), 'utf16le').toString('utf16le') : text;
}
