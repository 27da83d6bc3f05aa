import { z } from 'zod';
import { readShape, type Environment } from '../variables';
import { complete, type Secret, type SecretOf, type SystemDescriptor } from './descriptor';

export interface MailSettings {
  /** `smtp://user:password@host:port`, `smtps://…`. */
  readonly url: Secret;
  readonly from: string;
}

const variables = {
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().includes('@').optional(),
};

export const mail = {
  variables,
  needs: [['SMTP_URL', 'MAIL_FROM']],
  toStandIn: ({ smtpUrl }) => ({ SMTP_URL: smtpUrl, MAIL_FROM: 'mindtickle@example.com' }),
  read: (env: Environment, secretOf: SecretOf): MailSettings | undefined => {
    const found = complete(readShape(env, variables), ['SMTP_URL', 'MAIL_FROM']);
    return found && { url: secretOf('SMTP_URL'), from: found.MAIL_FROM };
  },
} satisfies SystemDescriptor;
