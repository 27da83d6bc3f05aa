import { z } from 'zod';
import { readShape, valueOf, type Environment } from '../variables';
import type { SystemDescriptor } from './descriptor';

export interface ArchiveSettings {
  /** `file:///…`, or `s3://bucket/prefix` with the AWS SDK's own environment. */
  readonly url: string;
  /** S3: the bucket is in the path, not in the host name. */
  readonly pathStyle?: boolean;
}

const variables = {
  ARCHIVE_URL: z
    .url({ protocol: /^(file|s3)$/ })
    .regex(/^(file:\/\/\/|s3:\/\/[a-z0-9][a-z0-9.-]+(\/|$))/, 'not `file:///<path>` or `s3://<bucket>/<prefix>`')
    .optional(),
};

export const archive = {
  variables,
  needs: [['ARCHIVE_URL']],
  sdkPrefix: 'AWS_',
  toStandIn: ({ archiveDir }) => ({ ARCHIVE_URL: `file://${encodeURI(archiveDir)}` }),
  read: (env: Environment): ArchiveSettings | undefined => {
    const { ARCHIVE_URL: url } = readShape(env, variables);
    // Another endpoint than Amazon's rarely has a host name for each bucket.
    const endpoints = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'];
    const pathStyle = endpoints.some((name) => valueOf(env, name) !== undefined);
    return url === undefined ? undefined : { url, pathStyle };
  },
} satisfies SystemDescriptor;
