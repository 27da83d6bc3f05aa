/** Resolves when this process is told to stop: by a signal, or, when `mt dev` started it, because `mt dev` is gone. */
export function shutdownSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    process.once('disconnect', () => resolve());
    if (process.send !== undefined && !process.connected) resolve();
  });
}
