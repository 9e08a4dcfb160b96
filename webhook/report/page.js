"use strict";
// Filters the findings that are in the page already; the filter is in the address, so that it can be bookmarked and shared.
const form = document.querySelector("form");
const shown = document.querySelector("output");
const findings = Array.from(document.querySelectorAll("article"));
const texts = findings.map((each) => each.textContent.toLowerCase());

function filter() {
  const wanted = new FormData(form);
  const search = wanted.get("search").trim().toLowerCase();
  const chosen = ["severity", "rule", "file", "namespace"].map((name) => [name, wanted.get(name)]).filter(([, value]) => value !== "");
  let count = 0;
  findings.forEach((finding, index) => {
    const fits = chosen.every(([name, value]) => finding.dataset[name] === value.slice(1)) && texts[index].includes(search);
    finding.hidden = !fits;
    count += fits ? 1 : 0;
  });
  shown.value = `${count} of ${findings.length} findings shown`;
  const kept = new URLSearchParams(chosen);
  if (search) kept.set("search", search);
  history.replaceState(null, "", kept.size ? `#${kept}` : location.pathname);
}

if (form) {
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
  for (const field of form.elements) if (field.value === "" && field.options) field.selectedIndex = 0;
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
}
