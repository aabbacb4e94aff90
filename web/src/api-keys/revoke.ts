import type { ApiKey } from '@/api/gen/index.ts';
import { t } from '@/app/i18n.ts';
import { ask, toast, toastError } from '@/ui/feedback.ts';

/** Revokes a key by `send` after a question that names it, and says what became of it. */
export async function revokeKey({ name }: ApiKey, send: () => Promise<unknown>): Promise<void> {
  const title = t('apiKeys.revokeTitle', { name });
  if (!(await ask({ title, text: t('apiKeys.revokeText'), confirm: t('apiKeys.revoke'), isDangerous: true }))) return;
  try {
    await send();
    toast(t('apiKeys.revoked'));
  } catch (error) {
    toastError(error);
  }
}
