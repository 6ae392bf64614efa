/**
 * How vendors and gateways word what went wrong: one pattern a kind, of codes and sentences alike, so that a new
 * vendor's words are understood without a row of their own. Chinese vendors write some of them in Chinese.
 */

function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join('|'), 'is');
}

/** The photo, or the question beside it. Threats of what may happen to an account are part of such sentences. */
export const refusedContent = anyOf(
  /data_?inspection_?failed/,
  /content[ _.-]?(policy|filter|moderation|management|safety|violation|risk|audit|security)/,
  /content exists risk|(high|image|text) ?risk|risk[ _-]?(control|detect)/,
  /moderation[ _](blocked|failed|rejected)|(rejected|blocked|refused|failed)\b.{0,40}\bmoderation/,
  /\bmoderation\b.{0,60}\b(flagged|blocked|rejected|refused|failed|violat)/,
  /(?<!\baccount\b.{0,40})\bflagged/,
  /inappropriate|nsfw|harmful|obscene|pornograph|sexual|explicit content|\bviolen(ce|t)\b|self[ _/-]harm|harass/,
  /\bunsafe\b.{0,20}(content|image|input|prompt|output)|(deemed|considered|detected|classified).{0,20}unsafe/,
  /sensitive[ _]?(content|information|word|data|topic|material)|new_sensitive/,
  /safety (system|filter|polic|reason|guideline|classifier|check)|safety_check|(blocked|stopped|refused).{0,40}safety/,
  /(violat|against|breach).{0,60}(usage|use|content|safety|community|acceptable).{0,20}(polic|guideline|standard|rule)/,
  /responsible.?ai|guardrail|prohibited[ _]content|blocklist|censor|(illegal|disallowed|objectionable) content/,
  /敏感|违规|违法|不合规|不安全|涉黄|涉政|内容审核|审核(未通过|不通过|失败)|内容安全/,
);

/** Of a whole account: what its photos show is not the question. */
export const blockedAccount =
  /\b(account|organi[sz]ation|consumer)\b(?!['’]s)[^.]{0,40}\b(has been|have been|was|is|been)\b[^.]{0,30}(suspend|deactivat|terminat|banned|disabled|blocked|flagged)/is;

export const noCredit = anyOf(
  /\barrear|insufficient_(user_)?(quota|balance|credit|fund)|billing_(hard_limit|not_active|error)/,
  /bill_?overdue|account_?overdue|exceeded_current_quota|free_?tier_?only|budget_exceeded|out_of_credit/,
  /(insufficient|not enough|low|negative)\b.{0,20}\b(balance|credit|fund)/,
  /\b(balance|credit)s?\b.{0,40}(too low|insufficient|not enough|deplet|exhaust|used up|negative|(run|ran) out)/,
  /\b(no|out of|more|(run|ran) out of)( remaining| available)? credits\b/,
  /(?<!thinking[ _])\bbudget\b.{0,60}exceed|exceed\w*.{0,40}(?<!thinking[ _])\bbudget\b|over budget/,
  /spend(ing)?[ _](limit|cap)|api usage limits|(account|bill|payment)\b.{0,30}(overdue|past due|arrear|in debt)/,
  /in good standing|billing\b.{0,30}(not active|inactive|not enabled|disabled)|enable billing/,
  /payment[ _]required|top up|recharge your|余额|欠费|充值|额度不足|额度已用/,
);

export const tooManyAtOnce = anyOf(
  /\bconcurren(t|cy)\b.{0,40}(limit|quota|request|connection|call|exceed)/,
  /(limit|too many|max(imum)?)\b.{0,40}\b(concurren|parallel|simultaneous)/,
  /并发/,
);

export const badKey = anyOf(
  /(invalid|incorrect)_?api_?key|api_?key_?(invalid|expired)|\bauthentication[ _]error|invalid_authentication|unauthenticated/,
  /permission_(error|denied)|unsupported_country|location is not supported/,
  /api.?key\b.{0,60}(not valid|invalid|incorrect|expired|missing|revoked|disabled|required|not found|not exist|unknown|wrong|leaked)/,
  /\b(invalid|incorrect|expired|wrong|missing|unknown|revoked|disabled|malformed|no)\b.{0,20}(api.?key|access token|auth\w* token|token provided|credential)/,
  /unauthori[sz]ed|authentication (failed|required|fails)|api ?密钥|令牌|身份验证|鉴权/,
);

export const overload = anyOf(
  /overload|(temporarily|currently) (unavailable|not available|busy|at capacity)/,
  /(over|at|no|out of|limited?|system) capacity|capacity (limit|exceed)|\bis (too )?busy|繁忙|负载/,
);

export const tooFast = anyOf(
  /rate.?limit|throttl|limit_?requests|too[ _]?many[ _]?requests|resource_?exhausted|quota[ _]?exceeded/,
  /(requests|tokens) per (min|sec|hour|day)|allocated quota|allocationquota|访问量过大|频率|过于频繁|限流|限速/,
);

/** Gone, never there, or not for this key. */
export const unusableModel = anyOf(
  /model[ _.-]?(not[ _]?(found|exist|open|support|available|active)|decommission|deprecat|retired|access_?denied|disabled|removed)/,
  /(unknown|invalid|unsupported|no[ _]such)[ _]model|endpoint_?or_?model|commodity_?not_?purchased|unpurchased/,
  /\bmodels?\b.{0,120}\b((does|do|did)( not|n['’]t) exist|not exist|(can ?)?not (be )?found|not (available|supported|activated|enabled|accessible)|no longer)/,
  /\bmodels?\b.{0,120}\b(decommission|deprecat|retired|discontinued|sunset|removed|(switched|turned) off|shut ?down|reached its end)/,
  /not activated\b.{0,40}\bmodel|access to (the |this )?model|no (endpoints?|available channel)s?\b|模型不存在|无可用渠道|模型.{0,20}(未开通|已下线|不可用)/,
);

const pictures = '(images|image[ _](inputs?|url)|vision|visual|multi-?modal\\w*|pictures|photos)';
/** A bound or a form that one picture does not keep to is another matter. */
const anyPicture = `${pictures}(?!.{0,8}\\b(larger|bigger|smaller|wider|of|with|over|above|under|below|exceed\\w*|whose|that|format|type|size|in)\\b)`;

/** A model, or a server, that can't see. */
export const noVision = anyOf(
  new RegExp(
    `\\b(can ?not|can['’]t|not able to|unable to|incapable of) (see|read|accept|take|understand|support)(ing)? (any )?${anyPicture}`,
  ),
  new RegExp(
    `\\b(does|do)( not|n['’]t) (see|read|accept|take|understand|support|have|process|handle) (any )?${anyPicture}`,
  ),
  new RegExp(
    `${pictures}['"\`]? ?(inputs?|content|understanding)? ?(is|are) (not|only) (supported|accepted|enabled|available)`,
  ),
  /not a (multi-?modal|vision)|unknown variant .?image_url|at most 0 images?|text[ -]only|only (supports?|accepts?) text|mmproj/,
  /content\b.{0,40}(must|should) be a (valid )?string|不支持(图片|图像|视觉|多模态)/,
);

/** Of a 403. One without words, or from a proxy, has nothing else to say. */
export const noAccess = anyOf(
  /^[\d\s]*$/,
  /access|permi(t|ssion)|forbidden|denied|allowed|authori|\bkey\b|account|country|region|project|organi[sz]ation|subscription|\bplan\b|\bip\b/,
);

export const badRequest =
  /invalid[ _]?(request|argument|parameter|param|value)|bad[ _]?request|unsupported|validation/i;
