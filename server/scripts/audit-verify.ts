import { parseArgs } from 'node:util';
import { loadConfig } from '#config';
import { type Context, systemContext } from '#core/context.ts';
import { publicKeysOf } from '#core/signing.ts';
import { openArchive } from '#extensions/archive.ts';
import { openDatabase } from '#extensions/database/index.ts';
import { openLog } from '#extensions/log.ts';
import { signEnd } from '#modules/audit/head.service.ts';
import { verifyChain } from '#modules/audit/verify.service.ts';
import { verifyArchive } from '#modules/audit/verify-archive.service.ts';
import { entities } from '#modules/index.ts';
import { environmentFor } from '../app.ts';
import { archiveOptions, databaseOptions } from '../start.ts';

// `npm run audit:verify`: whether the audit is what was sealed. Ends with 1 and names the first thing that does not hold.
// With `--sign` the end of a chain that holds is signed with the present key: for a key that was lost, or a chain that was never begun.
const { values } = parseArgs({
  options: {
    key: { type: 'string', multiple: true },
    expect: { type: 'string' },
    'public-key': { type: 'boolean' },
    sign: { type: 'boolean' },
  },
});
const config = loadConfig();
if (values['public-key']) {
  console.log(publicKeysOf(config)[0]);
} else {
  const expected = /^(\d{1,10}):([0-9a-f]{64})$/.exec(values.expect ?? '');
  if (values.expect !== undefined && !expected) {
    console.error('--expect takes <place>:<hash>, as a log line "audit chain sealed" has them');
    process.exitCode = 2;
  } else {
    const log = openLog({ level: 'error', pretty: true });
    const archive = await openArchive(archiveOptions(config, log.logger));
    const database = await openDatabase(databaseOptions(config), entities);
    try {
      const ctx = systemContext(environmentFor(config, database, log, { archive }), log.logger);
      const options = {
        publicKeys: values.key ?? [],
        ...(expected && { expect: { sequence: Number(expected[1]), hash: expected[2] as string } }),
      };
      if (values.sign) {
        const end = await signEnd(ctx, options);
        if ('signed' in end) console.log(`The end at place ${end.signed.sequence} is signed with the present key.`);
      }
      const result = await verifyChain(ctx, options);
      if ('finding' in result) {
        console.error(`The audit does not hold: ${result.finding.text}.`);
        process.exitCode = 1;
      } else {
        const { from, to, hash, rows, signatures, unsealed } = result.verified;
        console.log(
          `The audit holds: ${rows} records, places ${from} to ${to}, ${signatures} signatures; ${unsealed} not sealed yet.`,
        );
        if (archive.isOn) await verifyArchived(ctx);
        else if (from > 1) console.log(`It begins at the signed cut before place ${from}; older records were removed.`);
        console.log(`${to}:${hash}`);
      }
    } finally {
      await database.close();
      await archive.close();
    }
  }
}

/** The archived records prove themselves by the signed cut, at which the database goes on. */
async function verifyArchived(ctx: Context): Promise<void> {
  const result = await verifyArchive(ctx).catch((error: Error) => error);
  if (result instanceof Error) {
    console.error(`The archive could not be read: ${result.message}.`);
    process.exitCode = 1;
  } else if (result === null) console.log('Nothing was archived yet.');
  else if ('finding' in result) {
    console.error(`The archive does not hold: ${result.finding.text}.`);
    process.exitCode = 1;
  } else {
    const { from, to, rows } = result.verified;
    console.log(
      `The archive holds: ${rows} records, ${rows > 0 ? `places ${from} to ${to}` : `none of the ${to} places`}.`,
    );
    if (from > 1)
      console.log(
        `What stood before place ${from} is not in it: removed before there was an archive, over (ARCHIVE_DAYS), or taken away.`,
      );
  }
}
