/** The command `eval`; its report is in English. */
export const zhEval = {
  'eval needs one folder of categories, or one table of files and categories':
    'eval 需要一个按类别分目录的文件夹，或一个含文件和类别的表格',
  'eval --feedback takes no folder: it asks about no photo': 'eval --feedback 不需要文件夹：它不处理照片',
  '--thumbnails goes with --report': '--thumbnails 须与 --report 一起使用',
  '{option} must be a number of 0 or more': '{option} 必须是不小于 0 的数',
  '--target must be a number from 0 to 1, such as 0.975': '--target 必须是 0 到 1 之间的数，如 0.975',
  '--model needs an LLM: set LLM_API_KEY, LLM_BASE_URL or LLM_PROVIDERS':
    '--model 需要大模型：请设置 LLM_API_KEY、LLM_BASE_URL 或 LLM_PROVIDERS',
  '--model: there is no provider {provider}': '--model：没有供应商 {provider}',
  '--max-cost needs the price of {model}: set LLM_PRICE_INPUT and LLM_PRICE_OUTPUT (0 if it is free), COST_PER_API_CALL, or LLM_PRICE_FILE':
    '--max-cost 需要 {model} 的价格：请设置 LLM_PRICE_INPUT 和 LLM_PRICE_OUTPUT（免费则为 0）、COST_PER_API_CALL 或 LLM_PRICE_FILE',
  'unknown categories: {unknown}. Categories are {known}': '未知类别：{unknown}。可用的类别有 {known}',
  '{category} (did you mean {nearest}?)': '{category}（您是指 {nearest} 吗？）',
  '{file} is in no category: put it into a folder named by one':
    '{file} 不属于任何类别：请放入以类别命名的文件夹',
  '{file} needs a first line that names the columns file and category':
    '{file} 的第一行须有 file 和 category 两列',
  "{file} can't hold answers: {code}": '无法在 {file} 中保存答案：{code}',
  "{file} can't be written: {code}": '无法写入 {file}：{code}',
  'The file has changed.': '文件已改变。',
  'The file is larger than {limit} MB.': '文件超过 {limit} MB。',
  '{count} files hold the same photo as another one; it counts once.':
    '{count} 个文件与另一个文件是同一张照片，只计一次。',
  '{files} are the same photo in different categories': '{files} 是不同类别中的同一张照片',
  'Interrupted. Answers are kept: the same command continues where this one stopped:':
    '已中断。答案已保存，再次运行同一命令即可继续：',
  'The budget is used up (--max-cost). Figures are of the photos asked until then.':
    '预算已用完（--max-cost）。数字只含此前调用过的照片。',
  'This run cost {money}.': '本次运行花费 {money}。',
  'No LLM is asked without --max-cost. What its answers would cost, about:':
    '不加 --max-cost 则不调用大模型。估算费用：',
  '{model}: {money}': '{model}：{money}',
  'unknown, as no price is known': '未知，因为没有价格',
  '--max-cost {amount} is enough for all of them, if these estimates hold.':
    '如果估算准确，--max-cost {amount} 足够全部使用。',
  'There are no corrections.': '没有更正。',
  '{model}: {count} corrections, of which {confirmed} confirm the answer':
    '{model}：{count} 条更正，其中 {confirmed} 条确认了原答案',
  '{actual} as {answered} {count}×': '{actual} 判为 {answered} {count} 次',
  'Users correct what is wrong. This shows what models mistake, not how often.':
    '用户只更正错误。这里显示模型错在哪里，不显示错误的频率。',
} as const;
