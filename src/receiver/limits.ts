import { MINUTE, SECOND } from '../domain';

/** Bounds in time, size and number that hold before anything of a request is known. */
export interface Limits {
  /** From the first byte of a connection or request to the end of its headers. */
  readonly headersMs: number;
  /** To the end of its body. */
  readonly requestMs: number;
  /** Longer than the 60 s of common proxies, so that they, not we, end an idle connection. */
  readonly keepAliveMs: number;
  readonly checkEveryMs: number;
  readonly headerBytes: number;
  /** Of one request. Node keeps each in an object of its own: 16 KiB of the shortest take a quarter of a megabyte. */
  readonly headers: number;
  readonly closeMs: number;
  /** Without a byte to or from a connection. Longer than anything that we let a sender wait for. */
  readonly silenceMs: number;
  /** At once, and each with a file descriptor; twice the deliveries, so that there is one to close for a new one. */
  readonly connections: number;
  /** Being received or handled at once. */
  readonly deliveries: number;
  /** Of all bodies at once. Temporal's client and the spool hold copies of those that are being stored. */
  readonly bodyBytes: number;
}

export const limits: Limits = {
  headersMs: 10 * SECOND,
  requestMs: 30 * SECOND,
  keepAliveMs: MINUTE + 5 * SECOND,
  checkEveryMs: SECOND,
  headerBytes: 16 * 1024,
  headers: 128,
  closeMs: 10 * SECOND,
  silenceMs: MINUTE,
  connections: 4000,
  deliveries: 2000,
  bodyBytes: 64 * 1024 * 1024,
};
