import { UnavailableError, UndecodableError } from '../../errors.ts';

export function overloaded(drainMs: number): UnavailableError {
  const retryAfterS = Math.min(120, Math.max(1, Math.ceil(drainMs / 1000)));
  return new UnavailableError(
    'overloaded',
    'Too many photos are waiting to be decoded; try again later.',
    retryAfterS,
  );
}

export function noChildStarts(): UnavailableError {
  return new UnavailableError('no_classifier', 'No photo can be decoded at the moment; try again later.', 30);
}

export function shuttingDown(): UnavailableError {
  return new UnavailableError('shutting_down', 'The service is shutting down; send the photo again.', 1);
}

export function stoppedTwo(): UndecodableError {
  return new UndecodableError(
    'refused_image',
    'Decoding this photo took too long or too much memory, twice; it is not tried again for now.',
  );
}

/** By its estimate: without it, two children would die before the photo is refused. */
export function tooMuchMemory(): UndecodableError {
  return new UndecodableError(
    'refused_image',
    'Decoding this photo would take more memory than is allowed; send a smaller rendition of it.',
  );
}
