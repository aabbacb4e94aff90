/**
 * Splits generated SQL into its statements, at semicolons that end a line outside of a string literal.
 *
 * @throws {Error} when a literal does not end
 */
export function splitStatements(script: string): string[] {
  const statements: string[] = [];
  let pending = '';
  for (const part of script.split(/;\n/)) {
    pending += pending ? `;\n${part}` : part;
    const isInsideLiteral = pending.split("'").length % 2 === 0;
    if (isInsideLiteral) continue;
    const statement = pending.trim().replace(/;$/, '');
    if (statement) statements.push(statement);
    pending = '';
  }
  if (pending) throw new Error(`A string literal does not end in: ${pending}`);
  return statements;
}
