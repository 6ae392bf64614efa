import sharp from 'sharp';

/** What is finer than this is left of one picture, what is coarser of the other. */
const sigmaPx = 2;
const share = 0.5;

/** A picture that has the coarse cells of `coarse` and the outlines of `fine`. */
export async function hybridOf(coarse: Buffer, fine: Buffer): Promise<Buffer> {
  const { data, info } = await sharp(coarse).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const size = { width: info.width, height: info.height, fit: 'fill' as const };
  const other = () => sharp(fine).resize(size).removeAlpha();
  const [sharpened, blurred] = await Promise.all([
    other().raw().toBuffer(),
    sharp(await other().png().toBuffer())
      .blur(sigmaPx)
      .raw()
      .toBuffer(),
  ]);
  const mixed = Buffer.from(
    data.map((level, at) => {
      const outline = (sharpened[at] ?? 0) - (blurred[at] ?? 0);
      return Math.min(255, Math.max(0, Math.round(level + share * outline)));
    }),
  );
  return sharp(mixed, { raw: { width: info.width, height: info.height, channels: 3 } })
    .png()
    .toBuffer();
}
