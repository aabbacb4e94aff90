import type { TaskFile } from '#core/task.ts';

/** Small enough for the packets of every database and for many downloads at once, large enough that a file is few rows. */
const PART_BYTES = 256 * 1024;

/** The content in parts of the same size but the last one. */
export async function* inParts(content: TaskFile['content']): AsyncGenerator<Buffer> {
  const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
  let gathered: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    let rest =
      typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    while (length + rest.length >= PART_BYTES) {
      const end = PART_BYTES - length;
      yield Buffer.concat([...gathered, rest.subarray(0, end)]);
      rest = rest.subarray(end);
      gathered = [];
      length = 0;
    }
    if (rest.length > 0) gathered.push(rest);
    length += rest.length;
  }
  if (length > 0) yield Buffer.concat(gathered);
}
