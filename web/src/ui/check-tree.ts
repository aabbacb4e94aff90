/** A node of a tree in which things are chosen. */
export interface CheckNode {
  readonly id: number;
  readonly parent_id: number | null;
  readonly label: string;
  /** Shown beside the label, and found by searching. */
  readonly code?: string | null;
  /** Whether it is chosen; `mixed`: some of what is below it. */
  readonly checked: boolean | 'mixed';
  /** Why it cannot be chosen or given up. */
  readonly fixed?: string | undefined;
  /** Short words about it. */
  readonly tags?: readonly { readonly text: string; readonly kind: 'info' | 'warn' }[];
  /** How much below it is chosen, in words. */
  readonly count?: string | undefined;
}
