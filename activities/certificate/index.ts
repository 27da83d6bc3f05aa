import PDFDocument from 'pdfkit';
import { epochMs } from '../../src/domain';
import { writeCentred } from '../../src/pdf';

/** What stands on a certificate; all of it from the event, so that it can be made again to the byte. */
export interface CertificateFacts {
  readonly userId: string;
  readonly courseId: string;
  readonly courseName: string;
  readonly score: number;
  /** ISO 8601. */
  readonly completedAt: string;
}

/**
 * One page of PDF; the same facts give the same bytes: its dates are the completion's, it has no random id, and nothing
 * in it is compressed, which zlib does otherwise from one version and processor to the next.
 */
export async function renderCertificate({ userId, courseName, score, completedAt }: CertificateFacts): Promise<Buffer> {
  const date = new Date(epochMs(completedAt));
  const document = new PDFDocument({
    size: 'A4',
    layout: 'landscape',
    margin: 0,
    compress: false,
    info: { Title: Buffer.from(courseName).toString(), CreationDate: date, ModDate: date },
  });
  const chunks: Buffer[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    document.on('data', (chunk: Buffer) => chunks.push(chunk));
    document.on('end', resolve);
    document.on('error', reject);
  });
  const { height } = document.page;
  writeCentred(document, 'Certificate of completion', { y: 110, size: 34, leastSize: 34, height: 50 });
  const below = writeCentred(document, courseName, { y: 200, size: 26, leastSize: 7, height: height - 340 });
  const learner = { y: below + 60, size: 16, leastSize: 6, height: 24 };
  writeCentred(document, `Learner ${userId}`, learner);
  const result = `Score ${score} %, completed on ${date.toISOString().slice(0, 10)}`;
  writeCentred(document, result, { ...learner, y: below + 90 });
  document.end();
  await ended;
  return Buffer.concat(chunks);
}
