const translations = JSON.parse(document.getElementById('words').textContent);

/** Of dates and numbers: the browser's own on the English page. */
export const locale = document.documentElement.lang === 'en' ? undefined : document.documentElement.lang;

/** An English sentence in the language of the page, with its values. Names that have no translation stay. */
export function say(sentence, values = {}) {
  return (translations[sentence] ?? sentence).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export const timeOf = (moment) => new Date(moment).toLocaleTimeString(locale);
