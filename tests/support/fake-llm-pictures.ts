import sharp from 'sharp';
import type { FakeBehaviour } from './fake-llm-behaviour.ts';
import type { FakeRequest } from './fake-llm-wire.ts';

/** Pictures that a vendor does not take. */
export interface PictureRules {
  readonly leastEdgePx: number;
  readonly mostRatio: number;
  /** Of its answer to others. */
  readonly status: number;
}

export async function underPictureRules(
  { leastEdgePx, mostRatio, status }: PictureRules,
  { jpeg }: FakeRequest,
  answer: FakeBehaviour,
): Promise<FakeBehaviour> {
  const { width, height } = await sharp(jpeg).metadata();
  const ratio = Math.max(width / height, height / width);
  const message =
    Math.min(width, height) < leastEdgePx
      ? `height:${height} and width:${width} must be larger than factor:${leastEdgePx}`
      : ratio > mostRatio
        ? `absolute aspect ratio must be smaller than ${mostRatio}, got ${ratio}`
        : undefined;
  if (message === undefined) return answer;
  return { status, body: { error: { message, type: 'BadRequestError', param: null, code: status } } };
}
