// Swagger UI in the colours that the browser prefers, and with a structure that screen readers can follow.
const dark = matchMedia('(prefers-color-scheme: dark)');
const followColours = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', followColours);
followColours();

const page = document.getElementById('swagger-ui');

function repair() {
  page.querySelector('.information-container')?.setAttribute('role', 'banner');
  for (const tag of page.querySelectorAll('.opblock-tag')) {
    tag.setAttribute('role', 'heading');
    tag.setAttribute('aria-level', '2');
  }
  // Of one level below the routes, which have no heading of their own.
  for (const title of page.querySelectorAll('.opblock-body h4')) title.setAttribute('aria-level', '3');
  for (const example of page.querySelectorAll('.microlight')) example.tabIndex = 0;
  // A link within a button: the button alone opens the route.
  for (const link of page.querySelectorAll('.opblock-summary-control a')) link.removeAttribute('href');
}
new MutationObserver(repair).observe(page, { childList: true, subtree: true });
