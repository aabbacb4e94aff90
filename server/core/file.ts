import { create as contentDisposition } from 'content-disposition';
import type { FastifyReply } from 'fastify';

/** A file that somebody saves. */
export interface FileToSave {
  readonly name: string;
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** What every such file is sent as, whatever it is: saved, never shown. */
export const FILE_TYPE = 'application/octet-stream';

/** Names the file (RFC 6266, RFC 8187), so that it is saved and not opened, and gives its content. */
export function sendFile(reply: FastifyReply, { name, bytes, content }: FileToSave): AsyncIterable<Uint8Array> {
  reply.header('content-disposition', contentDisposition(name)).header('content-length', bytes);
  return content;
}

/** What separates folders, ends a line of a header, or turns the direction of the text that follows. */
const UNSAFE = /[/\\\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;
const MOST_CHARACTERS = 150;

/** A name that a file is saved by, without anything that would make it a path or a line of its own; `file` for one of which nothing is left. */
export function safeFileName(name: string): string {
  const plain = name
    .toWellFormed()
    .replace(UNSAFE, '_')
    .replace(/^[.\s]+|[.\s]+$/g, '');
  const characters = [...plain];
  if (characters.length <= MOST_CHARACTERS) return plain || 'file';
  const ending = /\.[\w-]{1,10}$/.exec(plain)?.[0] ?? '';
  return characters.slice(0, MOST_CHARACTERS - ending.length).join('') + ending;
}
