/** A logger that keeps `level message` of each line. */
export function recordingLogger() {
  const lines: string[] = [];
  const fields: unknown[] = [];
  const at = (level: string) => (about: unknown, message?: string) => {
    fields.push(about);
    lines.push(`${level} ${message ?? ''}`);
  };
  return { lines, fields, logger: { info: at('info'), warn: at('warn'), error: at('error') } };
}
