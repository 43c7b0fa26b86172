// Makes modules of the texts in the page, in their order, so that each finds those that it imports; then starts main.
// Blob URLs, because a page opened from a disk may not import files.
(() => {
  const urls = {};
  for (const script of document.querySelectorAll("script[data-module]")) {
    const text = script.textContent.replace(/from "\.\/(\w+)\.js"/g, (_, name) => `from "${urls[name]}"`);
    const name = script.dataset.module;
    urls[name] = script.dataset.url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  }
  const start = () => import(urls.main).then((main) => main.mountAll());
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
