// Without this script the page is a plain form; with it, photos can be dropped, and the page stays.
const form = document.querySelector('form');
const input = document.getElementById('photo');
const key = document.getElementById('key');
const button = form.querySelector('button');
const answer = document.getElementById('answer');
let shown;
let sent = 0;

function say(words, isBad) {
  const line = document.createElement('p');
  line.textContent = words;
  if (isBad) line.className = 'bad';
  answer.replaceChildren(line);
}

function preview(photo) {
  if (shown) URL.revokeObjectURL(shown);
  shown = URL.createObjectURL(photo);
  const image = Object.assign(new Image(), { src: shown, alt: form.dataset.preview });
  const figure = document.createElement('figure');
  figure.append(image);
  // Not every browser can draw what the service can read (HEIC).
  image.addEventListener('error', () => figure.remove());
  return figure;
}

async function classify(photo) {
  const body = new FormData();
  body.append('image', photo, photo.name);
  sent += 1;
  const turn = sent;
  say(form.dataset.busy);
  button.disabled = true;
  try {
    const headers = { accept: 'text/html' };
    if (key?.value) headers['x-api-key'] = key.value;
    const response = await fetch(form.action, { method: 'POST', body, headers });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    if (turn === sent) answer.replaceChildren(preview(photo), ...page.getElementById('answer').childNodes);
  } catch {
    if (turn === sent) say(form.dataset.unreachable, true);
  } finally {
    if (turn === sent) button.disabled = false;
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const [photo] = input.files;
  if (photo) void classify(photo);
});
input.addEventListener('change', () => {
  const [photo] = input.files;
  if (photo && (!key?.required || key.value)) void classify(photo);
});

const over = (event) => {
  if (![...event.dataTransfer.types].includes('Files')) return;
  event.preventDefault();
  document.body.classList.add('over');
};
addEventListener('dragenter', over);
addEventListener('dragover', over);
addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) document.body.classList.remove('over');
});
addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('over');
  if (event.dataTransfer.files.length === 0) return;
  input.files = event.dataTransfer.files;
  const [photo] = input.files;
  if (photo) void classify(photo);
});
