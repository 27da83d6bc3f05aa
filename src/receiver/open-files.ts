import { readFileSync } from 'node:fs';

/** For the spool, the ledger, Temporal and our own code, beside the connections. */
const OTHER_FILES = 256;

export interface ConnectionBound {
  readonly connections: number;
  /** A sentence, where the operating system allows fewer than we want. */
  readonly warning?: string;
}

/** As many connections as this process may have files open; beyond that, it could not open its spool either. */
export function boundByOpenFiles(wanted: number, limit = openFilesLimit()): ConnectionBound {
  if (limit === undefined || limit >= wanted + OTHER_FILES) return { connections: wanted };
  const connections = Math.max(limit - OTHER_FILES, Math.ceil(limit / 2));
  return {
    connections,
    warning:
      `This process may open ${limit} files (RLIMIT_NOFILE), so it holds ${connections} connections at once and not ` +
      `${wanted}. Raise the limit to ${wanted + OTHER_FILES}: \`ulimit -n\`, LimitNOFILE= of systemd, or --ulimit nofile= of Docker.`,
  };
}

/** The soft limit, which Node.js has raised to the hard one at its start. Undefined: this system does not say. */
function openFilesLimit(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
