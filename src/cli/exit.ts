/** A command that returned has ended: what it left open, such as the channel to `mt dev`, does not keep the process. */
export function exit(code: number): never {
  process.exit(code);
}
