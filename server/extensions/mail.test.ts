import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pino } from 'pino';
import { openMail } from './mail.ts';

const log = pino({ level: 'silent' });
const from = 'Console <console@example.com>';
const mail = { to: 'somebody@example.com', subject: '重置密码', text: '请打开 https://example.com/#token=abc\n' };

/** As much of a mail server as one message needs (RFC 5321). */
function mailServer() {
  const received: string[] = [];
  const server = createServer((socket: Socket) => {
    let isData = false;
    let data = '';
    socket.write('220 test ESMTP\r\n');
    socket.on('data', (chunk) => {
      if (isData) {
        data += chunk;
        if (!data.endsWith('\r\n.\r\n')) return;
        received.push(data);
        isData = false;
        socket.write('250 taken\r\n');
        return;
      }
      for (const line of String(chunk).split('\r\n').filter(Boolean)) {
        if (/^DATA/i.test(line)) {
          isData = true;
          socket.write('354 go on\r\n');
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else socket.write('250 ok\r\n');
      }
    });
    socket.on('error', () => undefined);
  });
  return { server, received };
}

describe('mail', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mail-test-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('goes to the mail server', async () => {
    const { server, received } = mailServer();
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const { port } = server.address() as AddressInfo;
    const mailer = openMail({ smtpUrl: `smtp://127.0.0.1:${port}`, from, folder, log });
    await mailer.send(mail);
    await mailer.close();
    server.close();
    const [message = ''] = received;
    assert.match(message, /^From: Console <console@example\.com>\r$/m);
    assert.match(message, /^To: somebody@example\.com\r$/m);
    assert.match(message, /^Subject: =\?UTF-8\?/m);
    await assert.rejects(mailer.send(mail));
  });

  test('is a file that others on the machine cannot read, where there is no server', async () => {
    const mailer = openMail({ smtpUrl: '', from, folder: join(folder, 'mail'), log });
    await mailer.send(mail);
    const [name = ''] = readdirSync(join(folder, 'mail'));
    assert.match(name, /\.txt$/);
    const file = join(folder, 'mail', name);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(readFileSync(file, 'utf8'), `From: ${from}\nTo: ${mail.to}\nSubject: ${mail.subject}\n\n${mail.text}`);
    await mailer.close();
  });

  test('is off where there is neither, and says so', async () => {
    const mailer = openMail({ smtpUrl: '', from, folder: null, log });
    assert.equal(mailer.isOn, false);
    await assert.rejects(mailer.send(mail), /SMTP_URL/);
  });
});
