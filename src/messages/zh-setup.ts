/** The configuration and its files. */
const configuration = {
  'The configuration has {count} {count|problem|problems}:': '配置有 {count} 处问题：',
  '{words}': '{words}',
  '{one}; {other}': '{one}；{other}',
  '{name} must be {accepted}, not {value}': '{name} 必须是 {accepted}，而不是 {value}',
  '{name} must be {accepted}, not the value given': '{name} 必须是 {accepted}，而不是现在的值',
  '{name} and {other} must not both be set': '{name} 和 {other} 不能同时设置',
  '{name} names an empty file': '{name} 指定的文件是空的',
  '{name} must name a file that can be read, and reading it fails with {code}':
    '{name} 必须指定可读取的文件，但读取失败：{code}',
  '{name} is not a setting and is ignored; {meant} is': '{name} 不是设置项，已忽略；您是指 {meant} 吗？',

  // What settings accept.
  '{min} to {max}': '{min} 至 {max}',
  'a whole number from {min} to {max}': '{min} 至 {max} 之间的整数',
  'a number from {min} to {max}': '{min} 至 {max} 之间的数',
  '{min} to {max}, or auto': '{min} 至 {max}，或 auto',
  '1 to 1000000, all or none': '1 至 1000000、all 或 none',
  'one of {words}': '以下之一：{words}',
  'true or false': 'true 或 false',
  'secret text': '机密文本',
  'a JSON object without {fields}': '不含 {fields} 的 JSON 对象',
  'a key that begins with ack_': '以 ack_ 开头的密钥',
  'a URL beginning with {one}// or {other}//': '以 {one}// 或 {other}// 开头的网址',
  'an IANA time zone': 'IANA 时区',
  '1 to 64 letters, digits, _ or -': '1 至 64 个字母、数字、_ 或 -',
  '7 to 64 hexadecimal digits': '7 至 64 位十六进制数字',
  'names of lower-case letters, digits and dashes': '由小写字母、数字和连字符组成的名称',
  'category or category:0 to 1, …': '类别或 类别:0 至 1，…',
  'category:0 to 1, …': '类别:0 至 1，…',
  'CODE:number, …': '货币代码:数字，…',
  'kind:1 to 1000, …': '格式:1 至 1000，…',
  'origins such as https://photos.example, null or file://, …':
    '来源，如 https://photos.example、null 或 file://，…',

  // Settings that contradict each other.
  'LANE=album needs the local model, which STRATEGY=llm-only switches off':
    'LANE=album 需要本地模型，而 STRATEGY=llm-only 停用了它',
  'STRATEGY={strategy} needs a vision LLM: set LLM_API_KEY or LLM_BASE_URL':
    'STRATEGY={strategy} 需要视觉大模型：请设置 LLM_API_KEY 或 LLM_BASE_URL',
  'MAX_BATCH_SIZE_MB must not be smaller than MAX_IMAGE_SIZE_MB':
    'MAX_BATCH_SIZE_MB 不能小于 MAX_IMAGE_SIZE_MB',
  'UPLOAD_BUDGET_MB must not be smaller than MAX_IMAGE_SIZE_MB':
    'UPLOAD_BUDGET_MB 不能小于 MAX_IMAGE_SIZE_MB',
  'LLM_PROVIDERS must not name a provider twice': 'LLM_PROVIDERS 中的供应商不能重复',
  'LLM_PROVIDERS must also name a provider without LANE=album, for photos that can’t wait':
    'LLM_PROVIDERS 还须包含一个不带 LANE=album 的供应商，用于不能等待的照片',
  'LLM_{name} is not read beside LLM_PROVIDERS: set LLM_<NAME>_{name} for each provider':
    '设置了 LLM_PROVIDERS 时不读取 LLM_{name}：请为每个供应商设置 LLM_<NAME>_{name}',
  '{setting} must name the vendor of {name}: {vendors}': '{setting} 必须指定 {name} 的厂商：{vendors}',
  '{setting} must be set, as LLM_PROVIDERS names {name}': 'LLM_PROVIDERS 包含 {name}，因此必须设置 {setting}',
  'LLM_BUDGET_* needs the price of {model}: set LLM_PRICE_INPUT and LLM_PRICE_OUTPUT (LLM_<NAME>_… with LLM_PROVIDERS), COST_PER_API_CALL, or LLM_PRICE_FILE':
    'LLM_BUDGET_* 需要 {model} 的价格：请设置 LLM_PRICE_INPUT 和 LLM_PRICE_OUTPUT（使用 LLM_PROVIDERS 时为 LLM_<NAME>_…）、COST_PER_API_CALL 或 LLM_PRICE_FILE',
  'sums and budgets are in {to}, and a provider is paid in {from}: set LLM_RATES={from}:<what 1 {from} is in {to}>':
    '总额和预算以 {to} 计，而有供应商以 {from} 收费：请设置 LLM_RATES={from}:<1 {from} 折合的 {to}>',
  '{vendor} has no address of its own: set LLM_BASE_URL (LLM_<NAME>_BASE_URL)':
    '{vendor} 没有固定地址：请设置 LLM_BASE_URL（LLM_<NAME>_BASE_URL）',
  'An API key consists of visible ASCII characters only, without spaces or line breaks.':
    'API 密钥只能包含可见的 ASCII 字符，不含空格和换行。',

  // The database.
  'MYSQL_READ_URL needs DATABASE_URL or MYSQL_HOST': 'MYSQL_READ_URL 需要 DATABASE_URL 或 MYSQL_HOST',
  'MYSQL_TLS=verify needs the server’s name, not its address (or MYSQL_TLS=verify-ca)':
    'MYSQL_TLS=verify 需要服务器的名称而不是地址（或使用 MYSQL_TLS=verify-ca）',
  'MYSQL_TLS_CA must name a file of certificates (PEM), not {file}':
    'MYSQL_TLS_CA 必须指定证书文件（PEM），而不是 {file}',
  '{name} must write % as %25 in its user and password': '{name} 的用户名和密码中，% 须写作 %25',
  '{name} must write # as %23 and ? as %3F in its user and password':
    '{name} 的用户名和密码中，# 须写作 %23，? 须写作 %3F',
  '{name} knows ssl-mode and ssl-ca for encryption, not {key}':
    '{name} 的加密参数只有 ssl-mode 和 ssl-ca，没有 {key}',
  'ssl-mode of {name} must be {accepted}': '{name} 的 ssl-mode 必须是 {accepted}',

  'MySQL at {address}, database {database}': 'MySQL，{address}，数据库 {database}',
  '{primary}; look-ups at {replica}': '{primary}；查询使用 {replica}',

  // Files that settings name.
  'taxonomy: {problems}': '类别文件：{problems}',
  'category {index}: {problem}': '类别 {index}：{problem}',
  '`version` must be 1 to 32 letters, digits, dots, dashes or underscores':
    '`version` 必须是 1 至 32 个字母、数字、点、连字符或下划线',
  '`categories` must be a list with at least one category': '`categories` 必须是至少含一个类别的列表',
  '`key` must be 1 to 32 lower-case letters, digits or underscores':
    '`key` 必须是 1 至 32 个小写字母、数字或下划线',
  'the key `{key}` occurs twice': '键 `{key}` 出现两次',
  '`zh`, `en` and `definition` must be texts': '`zh`、`en` 和 `definition` 必须是文本',
  '`sentence` must have texts `zh` and `en`': '`sentence` 必须含有文本 `zh` 和 `en`',
  '`labels` must be a list of texts': '`labels` 必须是文本列表',
  '`fallback` must be one of the keys': '`fallback` 必须是其中一个键',
  '`v1` must be one of the keys': '`v1` 必须是其中一个键',
  '{setting}: there is no category {category}': '{setting}：没有类别 {category}',
  'LLM_NEVER_SEND: the local model has no threshold for {category}; write {category}:0.05':
    'LLM_NEVER_SEND：本地模型没有 {category} 的阈值；请写作 {category}:0.05',
  'LLM_PRICE_FILE: {problem}': 'LLM_PRICE_FILE：{problem}',
  'the model’s manifest: {problems}': '模型的 manifest：{problems}',
  '{folder} holds no model': '{folder} 中没有模型',

  // Settings that no longer exist.
  '{name} no longer exists and is ignored: {instead}': '{name} 已不存在，已忽略：{instead}',
  '{name}={word} no longer exists and means {meaning}': '{name}={word} 已不存在，按 {meaning} 处理',
  'claims count for their claimant alone, however many agree (CLAIM_TRUST)':
    '无论多少声明一致，声明只对声明者本人有效（CLAIM_TRUST）',
  'an answer waits for nothing but its new result and claim, 250 ms at most':
    '应答只等待新结果和声明的写入，最多 250 毫秒',
  'photos that would miss their deadline are rejected, and INFERENCE_QUEUE bounds the rest':
    '会错过期限的照片被拒绝，其余由 INFERENCE_QUEUE 限制',
  'a call that failed is repeated after 1 to 2 s, then 2 to 4, then 4 to 8':
    '失败的调用在 1 至 2 秒后重试，之后为 2 至 4 秒、4 至 8 秒',
  'a call that failed is repeated after 5 to 10 s at most': '失败的调用最多在 5 至 10 秒后重试',
  'repetitions are a tenth of the calls at most': '重试最多占调用的十分之一',
  'the LLM gets a JPEG of LLM_IMAGE_PX': '大模型收到的是 LLM_IMAGE_PX 大小的 JPEG',
  'an upload is slow after five seconds below UPLOAD_MIN_RATE': '低于 UPLOAD_MIN_RATE 持续五秒的上传视为过慢',
  'another process takes over the call of a process that died after 8 s':
    '进程终止 8 秒后，由另一进程接管其调用',
} as const;

/** Arguments of the start, and what it prints in a terminal, which links addresses up to the next space. */
const start = {
  'The start takes no argument {argument}.': '启动命令没有参数 {argument}。',
  'The start takes no argument {argument}. For a port: npm start -- --port {port}':
    '启动命令没有参数 {argument}。如需指定端口：npm start -- --port {port}',
  'There is no argument {argument}; did you mean {nearest}?': '没有参数 {argument}；您是指 {nearest} 吗？',
  'There is no argument {argument}; set the environment variable {setting} instead.':
    '没有参数 {argument}；请改为设置环境变量 {setting}。',
  'There is no argument {argument}; there are {known}.': '没有参数 {argument}；可用的有 {known}。',
  '{argument} takes a value, as in {example}.': '{argument} 需要一个值，如 {example}。',
  Listening: '监听地址',
  '{url} ({host}, {count} {count|process|processes})': '{url} ({host}, {count} 个进程)',
  Strategy: '策略',
  '{model} in {count} {count|process|processes}': '{model}，{count} 个进程',
  Descriptions: '描述语言',
  API: 'API',
  'Ops page': '运维页面',
  '{url} is closed: set OPS_TOKEN': '{url} 已关闭：请设置 OPS_TOKEN',
  '{url} (from this machine)': '{url} (仅限本机)',
  '{url} (asks for OPS_TOKEN)': '{url} (需要 OPS_TOKEN)',
  '{url} (asks for the token in {file})': '{url} (需要 {file} 中的令牌)',
  '{url}#token={token} (token from {file})': '{url}#token={token} (令牌来自 {file})',
  'Try it': '试一试',
  '{url} in a browser, or {command}': '{url} 用浏览器打开，或运行 {command}',
  Attention: '注意',
} as const;

/** Models of LLMs that end. */
const models = {
  'LLM {name}: {model} was shut down on {date}': '大模型 {name}：{model} 已于 {date} 停用',
  'LLM {name}: {model} will be shut down on {date}, in {count} {count|day|days}':
    '大模型 {name}：{model} 将于 {date} 停用，还有 {count} 天',
  'LLM {name}: {model} is not among the models that its vendor lists':
    '大模型 {name}：供应商的列表中没有 {model}',
  '{notice}; its successor is {replacement}': '{notice}；后继模型是 {replacement}',
} as const;

export const zhSetup = { ...configuration, ...start, ...models } as const;
