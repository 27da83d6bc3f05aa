import type { Request, Response } from 'express';
import { sendProblem } from '../../http';
import type { FileReply } from '../operation';
import type { InputFault } from './read-input';

/** 400, with each field that is wrong. */
export function sendFaults(request: Request, response: Response, faults: readonly InputFault[]): void {
  const detail = faults.map((fault) => `${fault.field}: ${fault.detail}`).join('; ');
  sendProblem(request, response, { status: 400, detail, more: { errors: faults } });
}

export function sendJson(response: Response, body: string): void {
  response.status(200).set('content-type', 'application/json; charset=utf-8').send(body);
}

export function sendFile(response: Response, { contentType, fileName, content }: FileReply): void {
  response
    .status(200)
    .set({ 'content-type': contentType, 'content-disposition': `attachment; filename="${fileName}"` })
    .send(typeof content === 'string' ? Buffer.from(content) : Buffer.from(content));
}
