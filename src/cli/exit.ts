/**
 * A command that returned has ended: what it left open, such as the channel to `mt dev`, does not keep the process. What it
 * printed does: a pipe takes 64 KiB, and the rest when its reader comes to it.
 */
export async function exit(code: number): Promise<never> {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

/** Also when the reader has gone: then there is nobody to wait for. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
