/** The command line says something that can't be done as it stands: exit code 2. */
export class UsageError extends Error {}
