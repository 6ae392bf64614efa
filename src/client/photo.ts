import { sha256Of } from './sha256.ts';

/** A file of React Native, which its FormData sends by itself. */
export interface NativeFile {
  readonly uri: string;
  readonly name?: string;
  readonly type?: string;
}

export type PhotoContent = Blob | Uint8Array<ArrayBuffer> | ArrayBuffer | NativeFile;

/** A photo as the client is given it. */
export interface AlbumPhoto {
  /** Told to the service as the file's name. */
  readonly name: string;
  /** SHA-256 of the file, where it is known or can be had more cheaply than by reading it here. */
  readonly hash?: string | (() => Promise<string>);
  /** Bounds how much one request carries; 4 MB are assumed where it is absent. */
  readonly sizeBytes?: number;
  /** Called when the photo is hashed and again when it is uploaded; nothing is kept in between. */
  read(): PhotoContent | Promise<PhotoContent>;
}

/** SHA-256 of a file's bytes as 64 hex digits. */
export type Hash = (content: PhotoContent) => string | Promise<string>;

/** @throws whatever reading or hashing throws */
export async function hashOf(photo: AlbumPhoto, hashContent: Hash = defaultHash): Promise<string> {
  const { hash } = photo;
  const hex = await (typeof hash === 'function' ? hash() : (hash ?? hashContent(await photo.read())));
  return hex.toLowerCase();
}

async function defaultHash(content: PhotoContent): Promise<string> {
  return sha256Of(await bytesOf(content));
}

async function bytesOf(content: PhotoContent): Promise<Uint8Array<ArrayBuffer>> {
  if (content instanceof Uint8Array) return content;
  if (content instanceof ArrayBuffer) return new Uint8Array(content);
  const response = 'uri' in content ? await fetch(content.uri) : new Response(content);
  return new Uint8Array(await response.arrayBuffer());
}

/** Adds a photo to a form in the way that the platform can send. */
export function appendPhoto(form: FormData, field: string, content: PhotoContent, name: string): void {
  // React Native's FormData takes such an object, whatever the types of the web say.
  if ('uri' in content) form.append(field, { type: 'image/jpeg', name, ...content } as unknown as Blob);
  else form.append(field, content instanceof Blob ? content : new Blob([content]), name);
}
