import { providerVariables } from './llm-variables.ts';
import { nearestOf } from './nearest.ts';
import { type Environment, listFrom } from './reading.ts';
import { variables } from './variables.ts';

/**
 * A sentence for each name in the environment that is none of ours, but nearly: what it says is not heard. Most of an
 * environment is for other programs, so a name that is near to nothing is left alone.
 */
export function misspeltIn(environment: Environment): string[] {
  const names = [...Object.keys(variables), ...providerNames(environment)];
  const known = new Set(names);
  return Object.entries(environment).flatMap(([name, value = '']) => {
    if (known.has(name) || value.trim() === '') return [];
    const meant = nearestOf(name, names);
    // Where both are there, somebody knows what they do.
    if (meant === undefined || (environment[meant] ?? '').trim() !== '') return [];
    return [`${name} is not a setting and is ignored; ${meant} is`];
  });
}

function providerNames(environment: Environment): string[] {
  return listFrom(environment.LLM_PROVIDERS ?? '').flatMap((name) =>
    Object.keys(providerVariables).map((key) => `LLM_${name.toUpperCase().replaceAll('-', '_')}_${key}`),
  );
}
