import { LOCALES, text } from '#core/i18n.ts';
import { oneOf, Type } from '#core/schema.ts';
import { defineTask, named } from '#core/task.ts';
import { LINK_PURPOSES } from './account-link.entity.ts';
import { removeOldLinks } from './link.service.ts';
import { sendLink } from './send.service.ts';

/** Its arguments are seen by whoever may see tasks, so that the link is made when the task runs, and is never among them. */
export const sendLinkHandler = defineTask({
  name: 'account-link.send',
  title: text('发送账号链接', 'Mail an account link'),
  description: text('发送重置密码或注册的一次性链接', 'Mails a one-time link to reset a password or to register'),
  args: Type.Object(
    {
      purpose: oneOf(LINK_PURPOSES, named(text('用途', 'Purpose'))),
      email: Type.String({ format: 'email', maxLength: 100, ...named(text('邮箱', 'E-mail address')) }),
      locale: oneOf(LOCALES, named(text('语言', 'Language'))),
    },
    { additionalProperties: false },
  ),
  attempts: 5,
  timeoutMs: 60_000,
  run: (ctx, { purpose, email, locale }) => sendLink(ctx, purpose, email, locale),
});

export const removeOldLinksHandler = defineTask({
  name: 'account-link.clean',
  title: text('清理过期链接', 'Clean expired links'),
  args: Type.Object({}, { additionalProperties: false }),
  concurrency: 1,
  mayOverlap: false,
  async run(ctx) {
    return { deleted: await removeOldLinks(ctx) };
  },
});
