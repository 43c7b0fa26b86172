// Folds open for the printer and for links that lead into them; the contents show where the reader is.
const folds = () => document.querySelectorAll("details");
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...folds()].filter((fold) => !fold.open);
  closed.forEach((fold) => (fold.open = true));
});
addEventListener("afterprint", () => closed.forEach((fold) => (fold.open = false)));

// An explorable takes the place of its answer's first figure, which goes to the others.
for (const figure of document.querySelectorAll(".stands-in")) {
  figure.closest("section").querySelector(".figures")?.prepend(figure);
}

function reveal() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let fold = target && target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  if (target) target.scrollIntoView();
}
addEventListener("hashchange", reveal);
reveal();

const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));
const watcher = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link) => link.classList.remove("here"));
      links.get(entry.target.id)?.classList.add("here");
    }
  },
  { rootMargin: "-10% 0px -75% 0px" },
);
document.querySelectorAll("section[id]").forEach((section) => watcher.observe(section));
