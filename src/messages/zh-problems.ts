/** What callers of the service read about errors. */
export const zhProblems = {
  // Titles.
  'Bad Request': '请求有误',
  Unauthorized: '未授权',
  Forbidden: '禁止访问',
  'Not Found': '未找到',
  'Method Not Allowed': '不支持的请求方法',
  'Request Timeout': '请求超时',
  'Content Too Large': '内容过大',
  'Unsupported Media Type': '不支持的媒体类型',
  'Unprocessable Content': '内容无法处理',
  'Too Many Requests': '请求过多',
  'Internal Server Error': '服务器内部错误',
  'Service Unavailable': '服务不可用',
  'Gateway Timeout': '处理超时',
  Error: '错误',

  // Requests.
  'There is no such route; /docs lists those that exist.': '没有这个接口；/docs 列出了所有接口。',
  'This route answers to {methods} only.': '此接口只支持 {methods}。',
  'The request failed; the error is logged.': '请求失败，错误已写入日志。',
  'The request was refused.': '请求被拒绝。',
  'Send JSON, with `Content-Type: application/json`.':
    '请发送 JSON，并设置 `Content-Type: application/json`。',
  'Send a form (`multipart/form-data`) with the photo in a file part named `{field}`, as `curl -F {field}=@photo.jpg` does; neither the bare photo nor JSON is read here.':
    '请以表单（`multipart/form-data`）发送照片，文件部分命名为 `{field}`，如 `curl -F {field}=@photo.jpg`；此处不接受裸照片数据或 JSON。',
  'The Content-Type of the form names no boundary; leave that header to the program that writes the form.':
    '表单的 Content-Type 缺少 boundary；请让生成表单的程序设置此头。',
  'The boundary of the form is longer than 70 characters.': '表单的 boundary 超过 70 个字符。',
  'The multipart body is malformed or ends early.': '表单格式有误，或未传完就结束。',
  'The body is larger than this route accepts.': '请求体超出此接口的上限。',
  'The body is too large: a photo may have at most {limit} MB.': '请求体过大：每张照片的上限为 {limit} MB。',
  'The body is larger than {limit} MB.': '请求体超过 {limit} MB。',
  'The multipart body has too many parts.': '表单的部分过多。',
  'The connection closed before the body was complete.': '请求体未传完，连接就已关闭。',
  'The body is malformed or incomplete.': '请求体格式有误或不完整。',
  '{place} must be a SHA-256 as 64 hexadecimal digits.': '{place} 必须是 64 位十六进制的 SHA-256。',
  '{place} must have the property `{property}`.': '{place} 必须包含属性 `{property}`。',
  '{place} must be of type {type}.': '{place} 的类型必须是 {type}。',
  '{place} must be one of {allowed}.': '{place} 必须是以下之一：{allowed}。',
  '{place} must have at least {limit} items.': '{place} 至少要有 {limit} 项。',
  '{place} must have at most {limit} items.': '{place} 最多 {limit} 项。',
  '{place} must have at least {limit} characters.': '{place} 至少要有 {limit} 个字符。',
  '{place} must have at most {limit} characters.': '{place} 最多 {limit} 个字符。',
  '{place} must be {comparison} {limit}.': '{place} 必须 {comparison} {limit}。',
  '{place} is not as described in /docs.': '{place} 与 /docs 中的说明不符。',
  'The text part `{name}` is too long.': '文本部分 `{name}` 过长。',
  'The form must have a file part named `{name}`.': '表单必须包含名为 `{name}` 的文件部分。',
  'The form must have a text part named `image_metadata`.': '表单必须包含名为 `image_metadata` 的文本部分。',
  'The form has no photo.': '表单中没有照片。',
  'At most {most} `{name}` parts are accepted.': '最多接受 {most} 个 `{name}` 部分。',
  'The text part `lane` must be `album` or absent.': '文本字段 `lane` 只能是 `album`，或者不填。',
  '`image_hashes` must be a JSON list of hashes.': '`image_hashes` 必须是由哈希组成的 JSON 数组。',
  '`image_metadata` must be JSON: {example}.': '`image_metadata` 必须是 JSON：{example}。',
  '`image_metadata` lists {items} items for {photos} `images` parts.':
    '`image_metadata` 列出了 {items} 项，而 `images` 部分有 {photos} 个。',
  '`X-Request-Timeout-Ms` must be a whole number of milliseconds above 0.':
    '`X-Request-Timeout-Ms` 必须是大于 0 的整数毫秒数。',
  '`category` must be one of {categories}.': '`category` 必须是以下之一：{categories}。',
  'No photo with this `image_hash` is known to you; have it classified first, with the same user id.':
    '您没有此 `image_hash` 的照片；请先用同一个用户 ID 对它分类。',
  '`from` must be before `to`.': '`from` 必须早于 `to`。',
  '`{name}` must be an ISO 8601 moment or Unix seconds.': '`{name}` 必须是 ISO 8601 时间或 Unix 秒数。',
  'Send exactly one of `image_hash`, `user_id` and `before`.':
    '`image_hash`、`user_id` 和 `before` 必须恰好发送一个。',
  '`before` must be an ISO 8601 date, such as 2026-01-31.': '`before` 必须是 ISO 8601 日期，如 2026-01-31。',

  // Access and quotas.
  'Pages of other sites may not call the routes of operators.': '其他网站的页面不得调用运维接口。',
  'The routes of operators are closed, because no token could be kept: set OPS_TOKEN, or make the data folder writable, and start the service again.':
    '运维接口已关闭，因为无法保存令牌：请设置 OPS_TOKEN，或使数据目录可写，然后重新启动服务。',
  'Without OPS_TOKEN this route answers direct requests to a loopback address only; set OPS_TOKEN to open it to others.':
    '未设置 OPS_TOKEN 时，此接口只应答本机的直接请求；设置 OPS_TOKEN 即可对外开放。',
  'The token is wrong. It is the value of OPS_TOKEN; if none is set, the file ops-token in the data folder holds it.':
    '令牌错误。令牌为 OPS_TOKEN 的值；未设置时，为数据目录中 ops-token 文件的内容。',
  'Send `Authorization: Bearer <token>`: the value of OPS_TOKEN, or where none is set the one that the file ops-token in the data folder holds.':
    '请发送 `Authorization: Bearer <token>`：令牌为 OPS_TOKEN 的值；未设置时，为数据目录中 ops-token 文件的内容。',
  'Pages of this origin may not send feedback; the operator can list it in CORS_ORIGIN.':
    '此来源的页面不得发送反馈；运维人员可将其列入 CORS_ORIGIN。',
  'Pages of this origin may not send photos or hashes; the operator can list it in UPLOAD_ORIGINS.':
    '此来源的页面不得发送照片或哈希；运维人员可将其列入 UPLOAD_ORIGINS。',
  'Send your API key as `X-API-Key`.': '请用 `X-API-Key` 头发送 API 密钥。',
  'The API key is not valid.': 'API 密钥无效。',
  'The API key has expired; ask for a new one.': 'API 密钥已过期，请申请新的密钥。',
  'Keys cannot be checked at the moment; try again later.': '暂时无法校验密钥，请稍后再试。',
  'No more than {most} requests a minute; try again later.': '每分钟最多 {most} 次请求，请稍后再试。',

  // Photos.
  'The file is larger than {limit} MB, which is the limit of one photo.':
    '文件超过 {limit} MB，即单张照片的上限。',
  'The upload ended before the file was complete; send it again.': '文件未传完，上传就已结束，请重新发送。',
  'Nothing more of the upload has come for 30 seconds; send it again over a better connection.':
    '30 秒内没有收到更多上传数据；请在网络更好时重新发送。',
  'The upload is slow, and others wait for its memory; send it again over a better connection.':
    '上传太慢，其他请求正在等待它占用的内存，请换用更好的网络重新发送。',
  'The file is empty; send the bytes of a photo.': '文件为空，请发送照片内容。',
  'HEIC photos are not accepted by this service; send the photo as JPEG (phones call it "most compatible").':
    '本服务不接受 HEIC 照片，请发送 JPEG（手机上称为“兼容性最佳”）。',
  'The file is {kind}; the service accepts photos as {formats}.':
    '此文件是{kind}；本服务接受的照片格式为 {formats}。',
  'The file is not in an image format that the service accepts ({formats}).':
    '此文件不是本服务接受的图片格式（{formats}）。',
  'a PDF': ' PDF',
  'a TIFF or a camera raw file': ' TIFF 或相机 RAW 文件',
  'an icon': '图标',
  'a Photoshop document': ' Photoshop 文档',
  'a JPEG XL': ' JPEG XL 图片',
  'a JPEG 2000': ' JPEG 2000 图片',
  'a video': '视频',
  'a sound file': '音频',
  'an archive or an office document': '压缩包或办公文档',
  'a BMP': ' BMP 图片',
  'an SVG drawing': ' SVG 图形',
  'a web page': '网页',
  text: '文本',
  'The photo is damaged and cannot be decoded.': '照片已损坏，无法解码。',
  'The photo is damaged and cannot be decoded: {reason}.': '照片已损坏，无法解码：{reason}。',
  'The photo is cut short: part of its image data is missing.': '照片不完整：缺少部分图像数据。',
  'The photo is cut short: it ends within its header.': '照片不完整：在文件头处就已结束。',
  'The photo has more pixels than are accepted; send a smaller rendition of it.':
    '照片的像素超出上限，请发送较小的版本。',
  'The photo has {width} × {height} pixels; {coding} may have {limit} million. Send a smaller rendition of it.':
    '照片为 {width} × {height} 像素；{coding}的上限为 {limit} 百万像素。请发送较小的版本。',
  'The photo has {width} × {height} pixels; each edge may have {limit}. Send a smaller rendition of it.':
    '照片为 {width} × {height} 像素；每边的上限为 {limit} 像素。请发送较小的版本。',
  'a JPEG': ' JPEG ',
  'a progressive JPEG': '渐进式 JPEG ',
  'a PNG': ' PNG ',
  'an interlaced PNG': '隔行扫描 PNG ',
  'a WebP': ' WebP ',
  'a GIF': ' GIF ',
  'an AVIF': ' AVIF ',
  'a HEIC without a thumbnail': '没有缩略图的 HEIC ',
  'The photo is not accepted: {reason}. Send it as a usual JPEG.':
    '不接受此照片：{reason}。请转为普通 JPEG 后发送。',
  'The photo could not be checked, so it is not decoded.': '无法检查此照片，因此未解码。',
  'Decoding this photo took too long or too much memory, twice; it is not tried again for now.':
    '解码此照片两次都耗时过长或占用内存过多，暂不再尝试。',
  'Decoding this photo would take more memory than is allowed; send a smaller rendition of it.':
    '解码此照片所需的内存超出上限，请发送较小的版本。',

  // Why a photo is damaged or not accepted.
  'its header says that it has no pixels': '文件头声明的像素数为零',
  'it begins twice': '有两个开头',
  'it has two frames': '有两个帧',
  'its picture comes before its size': '图像数据出现在尺寸之前',
  'one of its segments has no length': '有一个段没有长度',
  'its frame is incomplete': '帧不完整',
  'its colours have impossible sampling factors': '颜色采样系数无效',
  'it has no picture': '没有图像',
  'it does not say which pictures it holds': '未说明包含哪些图像',
  'its picture does not begin with a key frame': '图像不以关键帧开头',
  'its picture does not begin as a lossless one': '无损图像的开头有误',
  'it does not begin with its header': '开头不是文件头',
  'its header is not one of a PNG': '文件头不是 PNG 的',
  'it is made of thousands of segments': '由数千个段组成',
  'it is coded arithmetically': '使用了算术编码',
  'it is coded in more than {most} passes': '编码超过 {most} 遍',
  'it is coded arithmetically, losslessly or in layers': '使用了算术、无损或分层编码',
  'its samples have {bits} bits': '采样为 {bits} 位',
  'it has {count} colour components': '有 {count} 个颜色分量',
  'its tiles are made of tiles': '图块由图块组成',
  'its tiles are larger than the picture that they make': '图块大于它们组成的图像',
  'it is made of thousands of boxes': '由数千个数据盒组成',
  'it has more than {most} frames': '超过 {most} 帧',
  'it has thousands of comments or extensions': '有数千条注释或扩展',
  'it holds more than {most} pictures or tiles': '包含超过 {most} 个图像或图块',
  'its pictures refer to each other thousands of times': '图像之间相互引用数千次',
  'it is made of thousands of chunks': '由数千个块组成',
  'it is made of thousands of tiny chunks': '由数千个极小的块组成',

  // The service.
  'The local model is not available; try again later.': '本地模型暂时不可用，请稍后再试。',
  'Too much waits for the store; try again later.': '等待数据库的请求过多，请稍后再试。',
  'Too many statements wait for the store; try again later.': '等待数据库的语句过多，请稍后再试。',
  'Too many photos are waiting to be decoded; try again later.': '等待解码的照片过多，请稍后再试。',
  'No photo can be decoded at the moment; try again later.': '暂时无法解码照片，请稍后再试。',
  'The service is shutting down; send the photo again.': '服务正在停止，请重新发送照片。',
  'The service is stopping; send the request again.': '服务正在停止，请重新发送请求。',
  'No local model is loaded here.': '此服务未加载本地模型。',
  'The store cannot be used at the moment; try again later.': '数据库暂时不可用，请稍后再试。',
  'The deadline passed before the photo could be classified; send it again later.':
    '未能在限定时间内完成分类，请稍后重新发送。',
  'The vision model could not answer; try again later.': '视觉模型未能应答，请稍后再试。',
  'The photo could not be classified; the error is logged.': '照片未能分类，错误已写入日志。',
  'The client closed the connection before its answer.': '客户端在收到应答前关闭了连接。',
} as const;
