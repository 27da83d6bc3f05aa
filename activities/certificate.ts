import PDFDocument from 'pdfkit';
import { epochMs } from '../src/domain/time';

/** What stands on a certificate; all of it from the event, so that it can be made again to the byte. */
export interface CertificateFacts {
  readonly userId: string;
  readonly courseId: string;
  readonly courseName: string;
  readonly score: number;
  /** ISO 8601. */
  readonly completedAt: string;
}

/** One page of PDF; the same facts give the same bytes: its dates are the completion's, and it has no random id. */
export async function renderCertificate({ userId, courseName, score, completedAt }: CertificateFacts): Promise<Buffer> {
  const date = new Date(epochMs(completedAt));
  const document = new PDFDocument({
    size: 'A4',
    layout: 'landscape',
    info: { Title: courseName, CreationDate: date, ModDate: date },
  });
  const chunks: Buffer[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    document.on('data', (chunk: Buffer) => chunks.push(chunk));
    document.on('end', resolve);
    document.on('error', reject);
  });
  document.fontSize(34).text('Certificate of completion', { align: 'center' }).moveDown();
  document.fontSize(24).text(courseName, { align: 'center' }).moveDown();
  document.fontSize(16).text(`Learner ${userId}`, { align: 'center' });
  document.text(`Score ${score} %, completed on ${date.toISOString().slice(0, 10)}`, { align: 'center' });
  document.end();
  await ended;
  return Buffer.concat(chunks);
}
