import type { Variable } from './kinds.ts';
import { providerVariables } from './llm-variables.ts';
import { variables } from './variables.ts';

const all: readonly (readonly [string, Variable<unknown>])[] = [
  ...Object.entries(variables),
  ...Object.entries(providerVariables).map(([name, variable]) => [`LLM_<NAME>_${name}`, variable] as const),
];

/** The table of variables in Markdown, for the README. */
export function configTable(): string {
  const rows = all.map(([name, { about, unit, default: standard, range }]) =>
    [`\`${name}\``, about, standard === '' ? '' : `\`${standard}\``, unit ?? '', range]
      .map((cell) => cell.replaceAll('|', '\\|'))
      .join(' | '),
  );
  const head = ['Variable | What it says | Default | Unit | Range', '--- | --- | --- | --- | ---'];
  return [...head, ...rows].map((row) => `| ${row} |`).join('\n');
}

/** `.env.example`: every variable, commented out, at its default. */
export function envExample(): string {
  const entries = all.map(([name, { about, unit, default: standard, range }]) => {
    const quantity = unit ? `, in ${unit}` : '';
    return `# ${about} (${range}${quantity})\n# ${name}=${standard}\n`;
  });
  return `# Copy to .env and uncomment what you change. The process environment wins over this file.\n\n${entries.join('\n')}`;
}
