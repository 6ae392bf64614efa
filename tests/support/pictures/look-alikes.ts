/** Pictures that look alike and are not the same: documents on one form, screens of one app. */
import { readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';

/** The same pictures at every run. */
function randomFrom(seed: number) {
  let state = seed;
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return state / 0x7fff_ffff;
  };
  const below = (count: number) => Math.floor(next() * count);
  const pick = (letters: string, count: number) =>
    Array.from({ length: count }, () => letters[below(letters.length)]).join('');
  const word = (least = 2, more = 8) => pick('abcdefghijklmnopqrstuvwxyz', least + below(more));
  return {
    below,
    word,
    words: (count: number) => Array.from({ length: count }, () => word()).join(' '),
    digits: (count: number) => pick('0123456789', count),
    name: () => `${word(4, 5)} ${word(3, 7)}`.toUpperCase(),
  };
}

type Random = ReturnType<typeof randomFrom>;

const text = (x: number, y: number, words: string, px: number, fill = '#222') =>
  `<text x="${x}" y="${y}" font-size="${px}" font-family="DejaVu Sans, sans-serif" fill="${fill}">${words}</text>`;
const box = (x: number, y: number, width: number, height: number, fill: string, round = 0) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${round}" fill="${fill}"/>`;
const page = (width: number, height: number, background: string, body: string) =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${box(0, 0, width, height, background)}${body}</svg>`,
  );
const list = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index)).join('');

function idCard(random: Random): Buffer {
  const fields = [
    ['Name', random.name()],
    ['Sex', random.below(2) ? 'F' : 'M'],
    ['Born', `19${random.digits(2)}-0${1 + random.below(9)}-1${random.below(10)}`],
    ['Address', random.words(3)],
    ['', random.words(2)],
    ['No.', random.digits(18)],
  ] as const;
  const rows = fields.map(
    ([label, value], index) =>
      text(60, 110 + index * 90, label, 30, '#36c') + text(210, 110 + index * 90, value, 36),
  );
  return page(1000, 630, '#e6eef5', rows.join(''));
}

function chat(random: Random): Buffer {
  let y = 200;
  let body = text(440, 100, 'Mum', 44);
  while (y < 2100) {
    const [lines, isMine] = [1 + random.below(3), random.below(2) === 1];
    const width = lines > 1 ? 640 : 120 + random.below(520);
    const x = isMine ? 940 - width : 140;
    body += box(isMine ? 960 : 30, y, 90, 90, isMine ? '#789' : '#b86', 10);
    body += box(x, y, width, 50 + lines * 50, isMine ? '#9e7' : '#fff', 14);
    body += list(lines, (line) =>
      text(x + 24, y + 56 + line * 50, random.words(5).slice(0, Math.floor(width / 21)), 34),
    );
    y += 100 + lines * 50;
  }
  return page(1080, 2340, '#ededed', body);
}

function receipt(random: Random, items: number): Buffer {
  const rows = list(
    items,
    (index) =>
      text(60, 300 + index * 70, random.word(5, 8), 36) +
      text(560, 300 + index * 70, `${random.digits(2)}.${random.digits(2)}`, 36),
  );
  const head = text(200, 100, 'CORNER SHOP', 60) + text(120, 170, '12 High Street, Exampleton', 34);
  return page(
    750,
    1300,
    '#fafafa',
    head + rows + text(520, 1080, `${random.digits(3)}.${random.digits(2)}`, 50),
  );
}

function settings(random: Random): Buffer {
  const names =
    'Airplane Network Bluetooth Sounds Display Battery Privacy Camera Photos Maps Mail Music Wallet';
  const rows = names.split(' ').map((name, index) => {
    const [y, isOn] = [275 + index * 140, random.below(2) === 1];
    const knob = `<circle cx="${isOn ? 966 : 914}" cy="${y + 32}" r="27" fill="#fff"/>`;
    return text(60, y + 45, name, 44) + box(880, y, 120, 64, isOn ? '#34c759' : '#ddd', 32) + knob;
  });
  return page(1080, 2340, '#fff', rows.join(''));
}

function qrCode(random: Random): Buffer {
  const modules = list(33 * 33, (index) =>
    random.below(2) ? box(137 + (index % 33) * 22, 250 + Math.floor(index / 33) * 22, 22, 22, '#000') : '',
  );
  return page(1000, 1300, '#fff', text(160, 120, 'Scan to pay', 80) + modules);
}

const forms: Readonly<Record<string, (random: Random) => Buffer>> = {
  'ID cards': idCard,
  'bank cards': (random) =>
    page(
      1000,
      630,
      '#1d3d6b',
      box(60, 230, 130, 95, '#d8c27a', 12) +
        text(60, 110, 'EXAMPLE BANK', 54, '#fff') +
        text(60, 440, random.digits(16), 64, '#eee') +
        text(60, 560, random.name(), 40, '#eee'),
    ),
  chats: chat,
  'chats of one short message': (random) =>
    page(
      1080,
      2340,
      '#ededed',
      text(440, 100, 'Mum', 44) + box(140, 300, 420, 100, '#fff', 14) + text(164, 360, random.words(2), 34),
    ),
  'receipts of one shop': (random) => receipt(random, 10),
  'receipts of one item': (random) => receipt(random, 1),
  'settings with other switches': settings,
  'pages of text': (random) =>
    page(
      1240,
      2000,
      '#fff',
      list(40, (line) => text(90, 150 + line * 45, random.words(14).slice(0, 62), 28)),
    ),
  'QR codes on one poster': qrCode,
  'boarding passes': (random) =>
    page(
      1000,
      420,
      '#fff',
      text(50, 90, 'BOARDING PASS', 56) +
        text(50, 200, random.name(), 44) +
        text(50, 300, `${random.word(3, 1)} - ${random.word(3, 1)}`.toUpperCase(), 60) +
        text(700, 200, `Seat ${random.digits(2)}`, 44) +
        list(60, (bar) => (random.below(2) ? box(50 + bar * 8, 340, 8, 60, '#000') : '')),
    ),
  'incoming calls': (random) =>
    page(
      1080,
      2340,
      '#223',
      `${text(300, 500, random.name(), 70, '#fff')}<circle cx="540" cy="1950" r="90" fill="#f33"/>`,
    ),
  maps: (random) =>
    page(
      1080,
      2340,
      '#e8e4da',
      list(20, () => text(random.below(900), random.below(2300), random.word(4), 28, '#666')) +
        list(
          25,
          () =>
            `<line x1="${random.below(1080)}" y1="${random.below(2340)}" x2="${random.below(1080)}" y2="${random.below(2340)}" stroke="#fff" stroke-width="14"/>`,
        ),
    ),
};

const asJpeg = (picture: Sharp) => picture.jpeg({ quality: 90 }).toBuffer();

/**
 * For each kind, pictures of which no two are the same.
 * @param faces photos for the ID cards that have one
 */
export async function lookAlikes(faces: readonly string[], count = 25): Promise<Map<string, Buffer[]>> {
  const kinds = new Map<string, Buffer[]>();
  for (const [kind, make] of Object.entries(forms)) {
    const random = randomFrom(7);
    const pictures = Array.from({ length: count }, () => asJpeg(sharp(make(random))));
    kinds.set(kind, await Promise.all(pictures));
  }
  const random = randomFrom(11);
  const cards: Buffer[] = [];
  for (const face of faces.slice(0, count)) {
    const input = await sharp(readFileSync(face)).resize(250, 330, { fit: 'cover' }).toBuffer();
    cards.push(await asJpeg(sharp(idCard(random)).composite([{ input, left: 720, top: 60 }])));
  }
  if (cards.length > 0) kinds.set('ID cards with a photo', cards);
  return kinds;
}
