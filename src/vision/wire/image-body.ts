/**
 * A JSON body with a photo in it, as one Buffer: the base64 goes straight between its head and its tail, because
 * JSON.stringify would walk every character of it on the event loop.
 *
 * @param json the body as JSON with an empty photo: it ends with the photo's text, up to the quote that closes it,
 *   and then `tail`
 * @param tail from the quote that closes the photo's text to the end
 */
export function bodyWithImage(json: string, tail: string, jpeg: Buffer): Buffer<ArrayBuffer> {
  if (!json.endsWith(tail)) throw new Error('bodyWithImage: the photo must be the last thing in the body');
  const head = Buffer.from(json.slice(0, -tail.length));
  const base64Length = Math.ceil(jpeg.length / 3) * 4;
  // Memory of its own, which `vendorPost` can give back.
  const body = Buffer.allocUnsafeSlow(head.length + base64Length + tail.length);
  let end = head.copy(body);
  for (let from = 0; from < jpeg.length; from += pieceBytes)
    end += body.write(jpeg.toString('base64', from, from + pieceBytes), end, 'latin1');
  body.write(tail, end, 'latin1');
  return body;
}

/**
 * Encoded at a time: a multiple of three, so that only the last piece is padded, and small, so that the texts in
 * between die young. A photo's base64 as one text makes the garbage collector stop the world for it.
 */
const pieceBytes = 3 * 8_192;
