/**
 * Draws the content of a terminal: `tmux capture-pane -p > one.txt`, then
 * `node scripts/terminal-svg.ts one.txt two.txt > docs/progress.svg`.
 */
import { readFileSync } from 'node:fs';

const screens = process.argv.slice(2).map((file) => readFileSync(file, 'utf8').trimEnd().split('\n'));
const columns = 104;
const [cellWidth, lineHeight, padding, gap] = [8.43, 19, 14, 12];
const width = Math.ceil(columns * cellWidth + 2 * padding);
const heightOf = (lines: readonly string[]) => lines.length * lineHeight + 2 * padding;
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

let top = 0;
const drawn = screens.map((lines) => {
  const texts = lines.map((line, index) => {
    const y = top + padding + lineHeight * (index + 0.75);
    const width = (line.length * cellWidth).toFixed(1);
    const fill = line.startsWith('$') ? '#8bd5ca' : '#d8dee9';
    return line === ''
      ? ''
      : `<text x="${padding}" y="${y}" fill="${fill}" textLength="${width}" xml:space="preserve">${escaped(line)}</text>\n`;
  });
  const frame = `<rect y="${top}" width="${width}" height="${heightOf(lines)}" rx="8" fill="#1e222a"/>\n`;
  top += heightOf(lines) + gap;
  return frame + texts.join('');
});

process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top - gap}" width="${width}" height="${top - gap}" ` +
    `font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">\n<title>What the terminal shows</title>\n${drawn.join('')}</svg>\n`,
);
