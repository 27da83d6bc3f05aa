import { MINUTE, SECOND } from '../domain/time';

/** Bounds in time and size that hold before anything of a request is known. */
export interface Limits {
  /** From the first byte of a connection or request to the end of its headers. */
  readonly headersMs: number;
  /** To the end of its body. */
  readonly requestMs: number;
  /** Longer than the 60 s of common proxies, so that they, not we, end an idle connection. */
  readonly keepAliveMs: number;
  readonly checkEveryMs: number;
  readonly headerBytes: number;
  readonly closeMs: number;
}

export const limits: Limits = {
  headersMs: 10 * SECOND,
  requestMs: 30 * SECOND,
  keepAliveMs: MINUTE + 5 * SECOND,
  checkEveryMs: SECOND,
  headerBytes: 16 * 1024,
  closeMs: 10 * SECOND,
};
