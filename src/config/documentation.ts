import { inLanguage } from '../messages/text.ts';
import type { Variable } from './kinds.ts';
import { providerVariables } from './llm-variables.ts';
import { fileSettingOf } from './reading.ts';
import { variables } from './variables.ts';

const all: readonly (readonly [string, Variable<unknown>])[] = [
  ...Object.entries(variables),
  ...Object.entries(providerVariables).map(([name, variable]) => [`LLM_<NAME>_${name}`, variable] as const),
];

/** Headings, each with the variable that its section begins with. */
const sections: Readonly<Record<string, string>> = {
  APP_HOST: 'Process',
  TRUST_PROXY: 'Access and uploads',
  DATABASE_URL: 'Database',
  CACHE_EPOCH: 'Cache',
  STRATEGY: 'Classification',
  LLM_PROVIDERS: 'Vision LLM',
  'LLM_<NAME>_PROVIDER': 'One of several LLM providers',
};

const fileSettings = all.flatMap(([name, { secret }]) => (secret ? [`\`${fileSettingOf(name)}\``] : []));

const introduction = `# Configuration

<!-- Generated: change src/config, then run \`node scripts/document-config.ts\`. -->

The service reads its settings from environment variables and from a file \`.env\` in its working directory. The environment wins. [.env.example](../.env.example) lists every variable at its default.

- The start fails on a wrong value and lists every problem it finds.
- A name that resembles a setting causes a warning that suggests the right name.
- \`npm run cli -- check-config\` prints the resulting configuration, without secrets.
- A secret may be in a file instead. These settings name the file, for Docker and Kubernetes secrets: ${fileSettings.join(', ')}. The service removes white space around the value. To set both is an error.`;

const tableHead = '| Variable | What it says | Default | Unit | Range |\n| --- | --- | --- | --- | --- |';

/** `docs/configuration.md`: a table of variables for each section. */
export function configReference(): string {
  const lines = all.flatMap(([name, variable]) => {
    const heading = sections[name];
    return [...(heading === undefined ? [] : [`\n## ${heading}\n\n${tableHead}`]), tableRow(name, variable)];
  });
  return `${introduction}\n${lines.join('\n')}\n`;
}

function tableRow(name: string, { about, unit, default: standard, range }: Variable<unknown>): string {
  const cells = [
    `\`${name}\``,
    about,
    standard === '' ? '' : `\`${standard}\``,
    unit ?? '',
    inLanguage('en', range),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** `.env.example`: every variable, commented out, at its default. */
export function envExample(): string {
  const entries = all.map(([name, { about, unit, default: standard, range }]) => {
    const quantity = unit ? `, in ${unit}` : '';
    return `# ${about} (${inLanguage('en', range)}${quantity})\n# ${name}=${standard}\n`;
  });
  return `# Copy to .env and uncomment what you change. The process environment wins over this file.\n\n${entries.join('\n')}`;
}
