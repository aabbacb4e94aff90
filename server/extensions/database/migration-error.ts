/** A migration could not run, or the database and the files do not belong together. The message says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}
