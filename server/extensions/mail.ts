import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { createTransport } from 'nodemailer';
import { type Mailer, noMail } from '#core/mail.ts';

export interface MailOptions {
  readonly smtpUrl: string;
  readonly from: string;
  /** Where messages are put when there is no mail server; null for nowhere. */
  readonly folder: string | null;
  readonly log: FastifyBaseLogger;
}

export interface OpenMailer extends Mailer {
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
/** Nothing in a message is ever a file or an address to fetch. */
const SEALED = { disableFileAccess: true, disableUrlAccess: true } as const;

/** Opens the way for mail: a mail server by its URL, else files in a folder, else none. Does not wait for the server. */
export function openMail({ smtpUrl, from, folder, log }: MailOptions): OpenMailer {
  if (smtpUrl) {
    const transport = createTransport({
      url: smtpUrl,
      ...SEALED,
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
    });
    return {
      isOn: true,
      send: async (mail) => void (await transport.sendMail({ from, ...mail })),
      close: async () => transport.close(),
    };
  }
  if (!folder) return { ...noMail, close: async () => undefined };
  let written = 0;
  return {
    isOn: true,
    async send({ to, subject, text }) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      written += 1;
      const name = `${new Date().toISOString().replace(/[:.]/g, '-')}-${process.pid}-${written}.txt`;
      // Not in the form of mail, which breaks long links. It holds one that opens an account.
      const content = `From: ${from}\nTo: ${to}\nSubject: ${subject}\n\n${text}`;
      await writeFile(join(folder, name), content, { mode: 0o600, flag: 'wx' });
      log.info({ file: join(folder, name) }, 'there is no mail server (SMTP_URL): the message is in this file');
    },
    close: async () => undefined,
  };
}
