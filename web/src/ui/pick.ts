/** Something that a SearchSelect offers. */
export interface PickOption {
  readonly value: string | number;
  readonly label: string;
  /** Options of one group stand under its name; they come one after the other. */
  readonly group?: string;
  /** A second word, such as the code; found by searching too. */
  readonly hint?: string;
}
