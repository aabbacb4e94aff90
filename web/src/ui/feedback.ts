import 'element-plus/es/components/message/style/css';
import 'element-plus/es/components/message-box/style/css';
import { ElMessage, ElMessageBox } from 'element-plus';
import { messageOf } from '@/app/errors.ts';
import { t } from '@/app/i18n.ts';

/** A short word about what has just happened. */
export function toast(message: string, type: 'success' | 'warning' | 'error' | 'info' = 'success'): void {
  ElMessage({ message, type, showClose: true, grouping: true, duration: type === 'error' ? 8000 : 4000 });
}

/** Says what went wrong with the last action. */
export const toastError = (error: unknown) => toast(messageOf(error), 'error');

interface Question {
  readonly title: string;
  readonly text: string;
  readonly confirm: string;
  readonly cancel?: string;
  readonly isDangerous?: boolean;
}

/** Asks before something that cannot be undone. Escape and the cross mean no. */
export async function ask({ title, text, confirm, cancel, isDangerous = false }: Question): Promise<boolean> {
  try {
    await ElMessageBox.confirm(text, title, {
      confirmButtonText: confirm,
      cancelButtonText: cancel ?? t('action.cancel'),
      confirmButtonClass: isDangerous ? 'el-button--danger' : '',
      autofocus: true,
    });
    return true;
  } catch {
    return false;
  }
}

interface TextQuestion {
  readonly title: string;
  readonly label: string;
  readonly value: string;
  readonly most: number;
}

/** Asks for a short text; null when the person would rather not. */
export async function askForText({ title, label, value, most }: TextQuestion): Promise<string | null> {
  try {
    const { value: given } = await ElMessageBox.prompt(label, title, {
      inputValue: value,
      inputValidator: (text) => (text?.trim() !== '' && text.length <= most) || t('crud.rule.required'),
      confirmButtonText: t('action.save'),
      cancelButtonText: t('action.cancel'),
    });
    return given.trim();
  } catch {
    return null;
  }
}

/** Asks before unsaved changes are lost. */
export const askToLeave = () =>
  ask({
    title: t('shell.leaveTitle'),
    text: t('shell.leave'),
    confirm: t('shell.leaveConfirm'),
    cancel: t('shell.stay'),
    isDangerous: true,
  });
