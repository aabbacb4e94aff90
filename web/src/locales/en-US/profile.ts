import type chinese from '../zh-CN/profile.ts';

const messages: typeof chinese = {
  basic: 'Personal data',
  basicText: 'Username, department and roles are kept by an administrator.',
  security: 'Security',
  preferences: 'Preferences',
  preferencesText: 'Each choice takes effect at once and is kept for every device on which you sign in.',
  access: 'My rights',
  accessText: 'Your roles decide what you may do; several roles add up, and so do the data they show.',
  avatar: 'Address of the picture',
  avatarHelp: 'A picture of this site; begins with /',
  undo: 'Undo changes',
  passwordText: 'When it changes, your sign-ins on other devices end at once.',
  passwordChanged: 'Password changed; other devices were signed out',
  density: 'Density of tables',
  densities: { comfortable: 'Comfortable', compact: 'Compact' },
  resetTables: 'Restore columns and panels',
  resetTablesText: 'Shows the columns that you hid and the panels that you closed again, on every page.',
  administrator: 'Administrator: may do everything and see all data.',
  noRoles: 'No role: you see your own data only.',
  permissions: 'Permissions',
  noPermissions: 'No permission at all',
  chosen: 'Chosen departments: {names}',
  chosenAndBelow: 'Chosen departments and below: {names}',
};

export default messages;
