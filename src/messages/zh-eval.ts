/** The command `eval`. */
const command = {
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
  '{count} {count|file holds|files hold} the same photo as another one; it counts once.':
    '{count} 个文件与另一个文件是同一张照片，只计一次。',
  '{files} are the same photo in different categories': '{files} 是不同类别中的同一张照片',
  'Interrupted. Answers are kept: the same command continues where this one stopped:':
    '已中断。答案已保存，再次运行同一命令即可继续：',
  'The budget is used up (--max-cost). Figures are of the photos asked until then.':
    '预算已用完（--max-cost）。数字只含此前调用过的照片。',
  '--target proposes no threshold without answers of a local model and of an LLM to the same photos: configure an LLM, and name a budget with --max-cost.':
    '--target 需要本地模型和大模型对同一批照片的答案才能建议阈值：请配置大模型，并用 --max-cost 给出预算。',
  'This run cost {money}.': '本次运行花费 {money}。',
  'No LLM is asked without --max-cost. What its answers would cost, about:':
    '不加 --max-cost 则不调用大模型。估算费用：',
  '{model}: {money}': '{model}：{money}',
  'unknown, as no price is known': '未知，因为没有价格',
  '--max-cost {amount} is enough for all of them, if these estimates hold.':
    '如果估算准确，--max-cost {amount} 足够全部使用。',
  'There are no corrections.': '没有更正。',
  '{model}: {count} {count|correction|corrections}, of which {confirmed} {confirmed|confirms|confirm} the answer':
    '{model}：{count} 条更正，其中 {confirmed} 条确认了原答案',
  '{actual} as {answered} {count}×': '{actual} 判为 {answered} {count} 次',
  'Users correct what is wrong. This shows what models mistake, not how often.':
    '用户只更正错误。这里显示模型错在哪里，不显示错误的频率。',
} as const;

/** Its report, in a terminal and as a page. */
const report = {
  '{count} {count|photo|photos}': '{count} 张照片',
  '{photos}. Intervals are of 95 %.': '{photos}。区间均为 95 %。',
  '{count} {count|model|models} on {photos}': '{count} 个模型，{photos}',
  Answers: '应答数',
  Accuracy: '准确率',
  'Macro recall': '宏平均召回率',
  'Calibration error': '校准误差',
  'Cost of 1,000': '千张费用',
  'Without answer': '无应答',
  Recall: '召回率',
  '{count} {what}': '{count} {what}',
  'not asked': '未调用',
  'never sent': '不发送',
  'Note: {caution}': '注意：{caution}',
  'Fewer than {photos} photos: {categories}. Recalls of these categories are rough.':
    '少于 {photos} 张照片：{categories}。这些类别的召回率只是粗略值。',
  'No photo: {categories}. Macro recall leaves these categories out.':
    '没有照片：{categories}。宏平均召回率不含这些类别。',
  '{photos} are too few to tell models apart that are a few points apart.':
    '{photos}太少，无法区分只相差几个百分点的模型。',
  '{one} alone is right on {onlyOneRight}, {other} alone on {onlyOtherRight} of {photos}':
    '{photos}中，仅 {one} 正确 {onlyOneRight} 张，仅 {other} 正确 {onlyOtherRight} 张',
  '{counts}: no difference.': '{counts}：没有差别。',
  'less than 0.1 %': '不到 0.1 %',
  '{counts}. More than chance (equally good models differ as much in {share} of samples).':
    '{counts}。不是偶然（同样好的模型在 {share} 的样本中会有这么大的差别）。',
  '{counts}. This may be chance: the sample is too small to say which one is better (equally good models differ as much in {share} of samples).':
    '{counts}。可能是偶然：样本太小，无法判断哪个更好（同样好的模型在 {share} 的样本中会有这么大的差别）。',
  'accuracy {accuracy}, {share} of photos to the LLM': '准确率 {accuracy}，{share} 的照片发送给大模型',
  'accuracy {accuracy}, {share} of photos to the LLM, {cost} for 1,000 photos':
    '准确率 {accuracy}，{share} 的照片发送给大模型，千张照片 {cost}',
  'The cheapest setting whose whole interval lies above {target}: {reached}.':
    '整个区间高于 {target} 的最便宜设置：{reached}。',
  'No setting reaches {target}. The most accurate one: {reached}.':
    '没有设置能达到 {target}。最准确的设置：{reached}。',
  '{photos} are too few to claim {target}. The best estimate of this setting reaches it: {reached}.':
    '{photos}太少，不足以保证 {target}。此设置的最佳估计可达到：{reached}。',
  '{few} About {count} photos would support it, if the best accuracy seen is the true one.':
    '{few}如果所见的最高准确率属实，约 {count} 张照片即可证实。',
  '{model} takes {mistakes}': '{model} 的误判：{mistakes}',
  'Local first: {local}, then {llm}': '本地优先：先 {local}，后 {llm}',
  'Local first: {local}, then {llm}, on {photos}': '本地优先：先 {local}，后 {llm}，{photos}',
  'As configured: {point}.': '当前配置：{point}。',
  'On {photos}. The local answer counts from a confidence on; the LLM answers the other photos.':
    '{photos}。置信度达到阈值则采用本地结果，其余由大模型应答。',
  'Band: 95 % interval.': '色带：95 % 区间。',
  'as configured': '当前配置',
  configured: '当前配置',
  proposed: '建议',
  'most accurate': '最准确',
  target: '目标',
  accuracy: '准确率',
  'Accuracy against cost: {local}, then {llm}': '准确率与费用：先 {local}，后 {llm}',
  'cost of 1,000 photos': '千张照片的费用',
  'share of photos that the LLM is asked about': '发送给大模型的照片占比',
  'Accuracy against confidence: {model}': '准确率与置信度：{model}',
  'mean confidence of a bin': '每组的平均置信度',
  'Confidence and accuracy by bin; whiskers: 95 % interval.': '各组的置信度与准确率；误差线：95 % 区间。',
  'Rows: the right category. Columns: the answer.': '行：正确类别。列：模型的结果。',
  Mistakes: '误判',
  'None.': '无。',
  'Photos that a model has wrong: {count}': '有模型误判的照片：{count}',
  'The JSON output has {count} more.': 'JSON 输出中还有 {count} 张。',
  'How it is computed': '计算方法',
  'Photos without an answer count for neither accuracy nor recall. Photos that occur twice count once.':
    '没有应答的照片不计入准确率和召回率。出现两次的照片只计一次。',
  'Intervals hold the true value in 95 of 100 samples like this one. For shares: Wilson’s score interval (1927). For macro recall, the mean recall of categories with photos: MOVER, from the Wilson intervals of the recalls (Zou and Donner, 2008).':
    '在 100 个类似的样本中，有 95 个的区间包含真实值。比例采用 Wilson 得分区间（1927）。宏平均召回率是有照片的各类别召回率的平均值，采用由各召回率的 Wilson 区间得出的 MOVER 区间（Zou 和 Donner，2008）。',
  'Two models are compared on the photos that both answered, by the exact test of McNemar.':
    '两个模型在双方都应答的照片上用 McNemar 精确检验比较。',
  'Calibration error: the mean difference of confidence and accuracy over ten bins, weighted by photos.':
    '校准误差：分十组，置信度与准确率之差按照片数加权平均。',
  'Costs are those of all calls, failed ones counted in, by the prices configured or in the catalogue. Electricity is not counted.':
    '费用含所有调用（包括失败的），按配置或目录中的价格计算，不含电费。',
  'Times are of one call without its wait for a turn, or of decoding and the local model. p95 needs 20 answers.':
    '用时为一次调用（不含排队），或解码加本地模型的时间。p95 至少需要 20 个应答。',
  'Local first: where the LLM refuses a photo, gives no usable answer or must not get it, the local answer counts.':
    '本地优先：大模型拒绝照片、应答无法使用或不得接收照片时，采用本地结果。',
  'The threshold is chosen on these photos. The proposal takes the lower end of the interval, so that its target holds on other photos of the same kind; photos of another kind may differ.':
    '阈值由这些照片选定。建议值以区间下限为准，因此对同类的其他照片也能达到目标；其他种类的照片可能不同。',
} as const;

export const zhEval = { ...command, ...report } as const;
