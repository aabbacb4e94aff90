// Loaded into the measured processes with `--import`: answers over the IPC channel what the process has used so far.
export interface Usage {
  /** Processor time of all threads, user and system, in microseconds. */
  readonly cpu: number;
  /** Resident memory in bytes. */
  readonly rss: number;
}

process.on('message', (question) => {
  if (question !== 'usage') return;
  const { user, system } = process.cpuUsage();
  const usage: Usage = { cpu: user + system, rss: process.memoryUsage.rss() };
  process.send?.(usage);
});
// The channel alone must not keep a server alive that wants to stop.
process.channel?.unref();
