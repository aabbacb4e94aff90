/** A message to one person. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Sends mail. Rejects when the mail server does not take a message. */
export interface Mailer {
  /** Whether there is anything to send by: a mail server, or the folder of a developer's machine. */
  readonly isOn: boolean;
  send(mail: Mail): Promise<void>;
}

export const noMail: Mailer = {
  isOn: false,
  send: () => Promise.reject(new Error('there is no mail server: set SMTP_URL')),
};
