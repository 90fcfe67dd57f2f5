"use strict";
/* My list: kept by the browser for these pages, or, where it keeps nothing, for this page alone. */
const myList = (() => {
  const key = "leo-linkage-list";
  let kept = [];
  let keeps = true;
  try { kept = JSON.parse(localStorage.getItem(key) || "[]"); } catch { keeps = false; }
  if (!Array.isArray(kept)) kept = [];
  const save = () => {
    try { localStorage.setItem(key, JSON.stringify(kept)); } catch { keeps = false; }
    shown();
  };
  const shown = () => {
    for (const place of document.querySelectorAll("[data-listed]")) place.textContent = `(${kept.length})`;
  };
  addEventListener("storage", (event) => {
    if (event.key === key) { kept = JSON.parse(event.newValue || "[]"); shown(); }
  });
  shown();
  return {
    all: () => [...kept],
    has: (name) => kept.includes(name),
    keeps: () => keeps,
    toggle(name) { kept = kept.includes(name) ? kept.filter((other) => other !== name) : [...kept, name]; save(); },
    clear() { kept = []; save(); },
  };
})();

/* A button that adds a variable to the list or takes it off; what it is for, hearers learn from its name. */
function listButton(button, name, short) {
  const said = () => {
    const on = myList.has(name);
    button.textContent = on ? "Take off my list" : "Add to my list";
    button.setAttribute("aria-label", `${button.textContent}: ${short}`);
  };
  button.addEventListener("click", () => { myList.toggle(name); said(); });
  button.hidden = false;
  said();
  return button;
}

for (const button of document.querySelectorAll("[data-add]")) {
  const name = button.dataset.add;
  listButton(button, name, name.replace("package:", "package "));
}
