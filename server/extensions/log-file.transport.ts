import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { LogFile, type LogFileOptions } from './log-file.ts';

/** What pino runs on a thread of its own: takes what was logged and writes it into files, so that no request waits for a disk. */
export default function openFileTransport(options: LogFileOptions): Writable {
  const file = new LogFile(options);
  const decoder = new StringDecoder();
  let rest = '';
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const text = rest + decoder.write(chunk);
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      try {
        if (end > 0) file.write(text.slice(0, end));
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
