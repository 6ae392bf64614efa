/** The form of a manifest.json that has no problems. What else it holds is for people. */
export interface ManifestFile {
  name: string;
  version: string;
  file: string;
  sha256: string;
  labels: string[];
  input: {
    name: string;
    type: 'uint8' | 'float32';
    shape: number[];
    layout: 'NHWC' | 'NCHW';
    resize: {
      fit: 'contain' | 'cover' | 'fill';
      position?: 'centre';
      background?: number[];
      kernel: (typeof kernels)[number];
    };
    normalisation: 'inside the graph' | { mean: number[]; std: number[] };
  };
  outputs: { probabilities: { shape: number[] } };
  golden?: { tolerance: number; cases: { input: string; probabilities: number[] }[] };
  thresholds?: { sure?: Record<string, number>; suspect?: Record<string, number> };
}

const kernels = ['nearest', 'linear', 'cubic', 'mitchell', 'lanczos2', 'lanczos3'] as const;

/** Everything that keeps a parsed manifest.json from being used, as sentences for the one who wrote it. */
export function manifestProblems(file: unknown): string[] {
  if (!isRecord(file)) return ['it must be a JSON object'];
  const problems: string[] = [];
  const expect = (isRight: boolean, problem: string) => {
    if (!isRight) problems.push(problem);
  };
  expect(isText(file.name, /^[\w.-]{1,64}$/), '`name` must be 1 to 64 letters, digits, dots, dashes or _');
  expect(
    isText(file.version, /^[\w.+-]{1,32}$/),
    '`version` must be 1 to 32 letters, digits, dots, dashes, + or _',
  );
  expect(isText(file.file), '`file` must be the name of the ONNX file');
  expect(isText(file.sha256, /^[0-9a-f]{64}$/i), '`sha256` must be 64 hex digits');
  const labels: readonly unknown[] = Array.isArray(file.labels) ? file.labels : [];
  expect(labels.length > 0 && labels.every((label) => isText(label)), '`labels` must be a list of texts');
  expect(new Set(labels).size === labels.length, '`labels` must not repeat one');
  problems.push(...inputProblems(file.input));
  const outputShape = within(file.outputs, 'probabilities', 'shape');
  expect(
    isNumbers(outputShape) && outputShape.join() === `1,${labels.length}`,
    `\`outputs.probabilities.shape\` must be [1, ${labels.length}], one for each label`,
  );
  problems.push(...goldenProblems(file.golden, labels.length));
  for (const name of ['sure', 'suspect'])
    for (const [label, share] of Object.entries(within(file.thresholds, name) ?? {})) {
      expect(labels.includes(label), `\`thresholds.${name}\` names ${label}, which is no label`);
      expect(isShare(share), `\`thresholds.${name}.${label}\` must be between 0 and 1`);
    }
  return problems;
}

function inputProblems(input: unknown): string[] {
  if (!isRecord(input)) return ['`input` must be an object'];
  const problems: string[] = [];
  const expect = (isRight: boolean, problem: string) => {
    if (!isRight) problems.push(`\`input.${problem}`);
  };
  const { shape, resize, normalisation } = input;
  expect(isText(input.name), 'name` must be a text');
  expect(isOneOf(input.type, ['uint8', 'float32']), 'type` must be uint8 or float32');
  expect(isOneOf(input.layout, ['NHWC', 'NCHW']), 'layout` must be NHWC or NCHW');
  const channelsAt = input.layout === 'NCHW' ? 1 : 3;
  const isPicture = isNumbers(shape) && shape.length === 4 && shape.every(isSize) && shape[0] === 1;
  expect(
    isPicture && shape[channelsAt] === 3,
    'shape` must be four sizes with one picture and three channels',
  );
  const { fit, kernel, position = 'centre', background = [0, 0, 0] } = isRecord(resize) ? resize : {};
  expect(isOneOf(fit, ['contain', 'cover', 'fill']), 'resize.fit` must be contain, cover or fill');
  expect(isOneOf(kernel, kernels), `resize.kernel\` must be one of ${kernels.join(', ')}`);
  expect(position === 'centre', 'resize.position` must be centre');
  expect(isTriple(background), 'resize.background` must be three numbers');
  const std = within(normalisation, 'std');
  const isOutside = isTriple(within(normalisation, 'mean')) && isTriple(std) && !std.includes(0);
  expect(
    normalisation === 'inside the graph' || isOutside,
    'normalisation` must be "inside the graph" or {"mean": three numbers, "std": three numbers other than 0}',
  );
  expect(!isOutside || input.type === 'float32', 'type` must be float32 where values are normalised');
  return problems;
}

function goldenProblems(golden: unknown, labelCount: number): string[] {
  if (golden === undefined) return [];
  const { tolerance, cases } = isRecord(golden) ? golden : {};
  if (!isShare(tolerance)) return ['`golden.tolerance` must be between 0 and 1'];
  if (!Array.isArray(cases)) return ['`golden.cases` must be a list'];
  return cases.flatMap((one: unknown, index) => {
    const shares = within(one, 'probabilities');
    const isRight = isNumbers(shares) && shares.length === labelCount && shares.every(isShare);
    if (isRight && isText(within(one, 'input'))) return [];
    return [`\`golden.cases[${index}]\` must have an \`input\` and ${labelCount} \`probabilities\``];
  });
}

/** The value under these keys, of any type. */
function within(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown, pattern = /./): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function isOneOf(value: unknown, words: readonly string[]): boolean {
  return typeof value === 'string' && words.includes(value);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => Number.isFinite(one));
}

function isTriple(value: unknown): value is number[] {
  return isNumbers(value) && value.length === 3;
}

function isShare(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

function isSize(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= 4096;
}
