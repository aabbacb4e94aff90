const LINE_WIDTH = 120;

/** The source of a migration file, formatted as the linter wants it. */
export function migrationSource({
  up,
  down,
}: {
  readonly up: readonly string[];
  readonly down: readonly string[];
}): string {
  return `${listSource('up', up)}\n${listSource('down', down)}`;
}

function listSource(name: string, statements: readonly string[]): string {
  const literals = statements.map(literal);
  const head = `export const ${name}: readonly string[] = [`;
  const line = `${head}${literals.join(', ')}];`;
  if (line.length <= LINE_WIDTH) return `${line}\n`;
  return `${head}\n${literals.map((text) => `  ${text},\n`).join('')}];\n`;
}

/** Single quotes, or double ones where they need fewer escapes. */
function literal(text: string): string {
  const count = (quote: string): number => text.split(quote).length - 1;
  const quote = count("'") > count('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll(quote, `\\${quote}`);
  return `${quote}${escaped}${quote}`;
}
