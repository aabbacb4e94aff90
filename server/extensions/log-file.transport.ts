import { Writable } from 'node:stream';
import { LogFile, type LogFileOptions } from './log-file.ts';

/** What pino runs on a thread of its own: takes what was logged and writes it into files, so that no request waits for a disk. */
export default function openFileTransport(options: LogFileOptions): Writable {
  const file = new LogFile(options);
  let rest = '';
  return new Writable({
    // It comes as text, and would only be made into bytes to be read again.
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      const end = chunk.lastIndexOf('\n') + 1;
      const lines = rest + chunk.slice(0, end);
      rest = end > 0 ? chunk.slice(end) : rest + chunk;
      try {
        if (end > 0) file.write(lines);
        done();
      } catch (error) {
        process.stderr.write(`the log file could not be written: ${String(error)}\n`);
        done();
      }
    },
    final(done) {
      if (rest) file.write(`${rest}\n`);
      file.settle().then(() => done(), done);
    },
    autoDestroy: true,
  });
}
