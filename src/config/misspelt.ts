import { type Text, text } from '../messages/text.ts';
import { providerVariables } from './llm-variables.ts';
import { nearestOf } from './nearest.ts';
import { type Environment, listFrom, namesOf } from './reading.ts';
import { variables } from './variables.ts';

/**
 * A warning for each name in the environment that resembles a setting but is none. Most of an environment is for other
 * programs, so other names cause no warning.
 */
export function misspeltIn(environment: Environment): Text[] {
  const names = [...namesOf(variables), ...providerNames(environment)];
  const known = new Set(names);
  return Object.entries(environment).flatMap(([name, value = '']) => {
    if (known.has(name) || value.trim() === '') return [];
    const meant = nearestOf(name, names);
    // If both are set, the other name is intended for another program.
    if (meant === undefined || (environment[meant] ?? '').trim() !== '') return [];
    return [text('{name} is not a setting and is ignored; {meant} is', { name, meant })];
  });
}

function providerNames(environment: Environment): string[] {
  return listFrom(environment.LLM_PROVIDERS ?? '').flatMap((name) =>
    namesOf(providerVariables).map((key) => `LLM_${name.toUpperCase().replaceAll('-', '_')}_${key}`),
  );
}
