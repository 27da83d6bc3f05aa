/** The package has no types of its own. */
declare module 'fs-native-extensions' {
  /** Locks a whole file that is open for writing. False: another open file has the lock. @throws with the system's code. */
  export function tryLock(fd: number): boolean;
}
