// npm scripts load this first. An older Node.js, which `npm ci --omit=dev` leaves in charge, could only fail on TypeScript
// with a stack. It could not read the catalogue of messages either.
const oldest = 24; // of `engines` in package.json

if (Number.parseInt(process.versions.node, 10) < oldest) {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  const isChinese =
    process.argv.includes('zh') ||
    process.argv.includes('--lang=zh') ||
    /^zh/i.test(LC_ALL || LC_MESSAGES || LANG || '');
  const sentence = isChinese
    ? `album-classifier 需要 Node.js ${oldest} 或更新版本；当前是 ${process.versions.node}。不带 --omit=dev 的 npm ci 会安装它。`
    : `album-classifier needs Node.js ${oldest} or newer; this is ${process.versions.node}. npm ci without --omit=dev installs it.`;
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}
