import type { Language } from '../invocation.ts';
import type { LeftOut } from './photo-files.ts';

interface Headline {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly duration: string;
  /** Photos a second. */
  readonly rate: string | undefined;
}

export interface SummaryWords {
  headline(facts: Headline): string;
  readonly unfinished: string;
  readonly failed: string;
  readonly fromCache: string;
  readonly byLlm: string;
  readonly byLocal: string;
  readonly money: string;
  readonly leftOut: string;
  readonly kinds: Readonly<Record<keyof LeftOut, string>>;
  earlier(count: number): string;
  duplicates(count: number): string;
  degraded(count: number): string;
  calls(count: number): string;
  spent(spent: string, saved: string): string;
}

export const summaryWords: Readonly<Record<Language, SummaryWords>> = {
  en: {
    headline: ({ total, succeeded, failed, duration, rate }) =>
      `${succeeded}/${total} classified, ${failed}/${total} failed, in ${duration}${rate === undefined ? '' : ` (${rate} photos a second)`}`,
    unfinished: 'not done',
    failed: 'failed',
    fromCache: 'from cache',
    byLlm: 'by LLM',
    byLocal: 'by local model',
    money: 'money',
    leftOut: 'left out',
    kinds: {
      videos: 'videos',
      raw: 'RAW files',
      links: 'links',
      hidden: 'hidden',
      ignored: 'ignored',
      other: 'other files',
    },
    earlier: (count) => `${count} done in an earlier run`,
    duplicates: (count) => `${count} the same as another`,
    degraded: (count) => `${count} of all replace the LLM`,
    calls: (count) => `${count} calls`,
    spent: (spent, saved) => `${spent} spent, ${saved} saved`,
  },
  zh: {
    headline: ({ total, succeeded, failed, duration, rate }) =>
      `成功 ${succeeded}/${total}, 失败 ${failed}/${total}, 用时 ${duration}${rate === undefined ? '' : ` (每秒 ${rate} 张)`}`,
    unfinished: '未完成',
    failed: '失败',
    fromCache: '来自缓存',
    byLlm: '大模型',
    byLocal: '本地模型',
    money: '费用',
    leftOut: '跳过',
    kinds: {
      videos: '个视频',
      raw: '个 RAW 文件',
      links: '个链接',
      hidden: '个隐藏文件',
      ignored: '个被忽略的文件',
      other: '个其他文件',
    },
    earlier: (count) => `${count} 张在之前完成`,
    duplicates: (count) => `${count} 张重复`,
    degraded: (count) => `共 ${count} 张代替大模型`,
    calls: (count) => `${count} 次调用`,
    spent: (spent, saved) => `花费 ${spent}, 节省 ${saved}`,
  },
};
