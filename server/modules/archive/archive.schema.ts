import { message, Type } from '#core/schema.ts';

export const ArchiveState = message('ArchiveState', { is_on: Type.Boolean() });
