import { isGrpcServiceError } from '@temporalio/client';
import { StartTimeout } from './temporal-starter';

/**
 * Whom a failed start is about. `record`: this one delivery, whatever Temporal does. `everything`: no start passes now.
 * gRPC's codes (https://grpc.io/docs/guides/status-codes/): only INVALID_ARGUMENT is about the request itself.
 */
export function scopeOf(error: unknown): 'record' | 'everything' {
  const code = grpcOf(error)?.code;
  return code === 3 ? 'record' : 'everything';
}

/** gRPC's code and words are about our request's form, not its content; of any other error only the name is safe. */
export function describeFailure(error: unknown): string {
  if (error instanceof StartTimeout) return 'no answer within the time limit';
  const grpc = grpcOf(error);
  if (grpc !== undefined) return `gRPC ${grpc.code}: ${grpc.details.slice(0, 200)}`;
  return error instanceof Error ? error.name : typeof error;
}

function grpcOf(error: unknown): { readonly code: number; readonly details: string } | undefined {
  const grpc = isGrpcServiceError(error) ? error : (error as { cause?: unknown } | undefined)?.cause;
  return isGrpcServiceError(grpc) ? grpc : undefined;
}
