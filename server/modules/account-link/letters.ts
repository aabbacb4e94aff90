import { type Locale, type Text, text, translate } from '#core/i18n.ts';

/** What a letter says, with the values of its placeholders. */
interface Letter {
  readonly subject: Text;
  readonly body: Text;
}

const RESET: Letter = {
  subject: text('重置密码', 'Reset your password'),
  body: text(
    '{username}，您好：\n\n有人请求重置您的密码。如果是您本人，请在 {minutes} 分钟内打开以下链接：\n\n{link}\n\n链接只能使用一次。如果不是您本人，请忽略此邮件，您的密码不会改变。\n',
    'Hello {username},\n\nsomebody asked to reset your password. If it was you, open this link within {minutes} minutes:\n\n{link}\n\nIt works once. If it was not you, do nothing: your password stays as it is.\n',
  ),
};

const REGISTER: Letter = {
  subject: text('完成注册', 'Complete your registration'),
  body: text(
    '您好：\n\n请在 {hours} 小时内打开以下链接，选择用户名和密码，完成注册：\n\n{link}\n\n如果您没有注册，请忽略此邮件。\n',
    'Hello,\n\nopen this link within {hours} hours to choose a username and a password:\n\n{link}\n\nIf you did not register, do nothing.\n',
  ),
};

const REGISTERED: Letter = {
  subject: text('您已有账号', 'You have an account already'),
  body: text(
    '{username}，您好：\n\n有人用此邮箱注册，但您已有账号。如果是您本人并且忘记了密码，请在此重置：\n\n{link}\n\n否则请忽略此邮件。\n',
    'Hello {username},\n\nsomebody registered with this address, but you have an account already. If it was you and you forgot the password, reset it here:\n\n{link}\n\nOtherwise do nothing.\n',
  ),
};

export const LETTERS = { reset: RESET, register: REGISTER, registered: REGISTERED } as const;

/** A letter in the reader's language. */
export function write(letter: Letter, locale: Locale, values: Readonly<Record<string, string | number>>) {
  return { subject: translate(letter.subject, locale), text: translate(letter.body, locale, values) };
}
