"use strict";
// The failure browser. Every text of a document or a model goes through textContent: nothing of it becomes markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const list = document.getElementById("list");
  const more = document.getElementById("more");
  const count = document.getElementById("count");
  const filters = { type: document.getElementById("type"), verdict: document.getElementById("verdict"), text: document.getElementById("text") };
  const STEP = 40;
  let shown = STEP;

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function fill(select, values, all) {
    const first = element("option", "", all);
    first.value = "";
    select.append(first);
    for (const [value, number] of values) {
      const option = element("option", "", `${value} (${number})`);
      option.value = value;
      select.append(option);
    }
  }

  function counted(name) {
    const numbers = new Map();
    for (const item of data.items) numbers.set(item[name], (numbers.get(item[name]) || 0) + 1);
    return [...numbers].sort((a, b) => b[1] - a[1]);
  }

  function matches(item) {
    if (filters.type.value && item.type !== filters.type.value) return false;
    if (filters.verdict.value && item.verdict !== filters.verdict.value) return false;
    const wanted = filters.text.value.trim().toLowerCase();
    return !wanted || item.searched.includes(wanted);
  }

  function body(item) {
    const made = element("div");
    const facts = element("dl");
    for (const [name, value] of item.facts) {
      facts.append(element("dt", "", name), element("dd", "", value));
    }
    made.append(facts);
    for (const quote of item.quotes) {
      made.append(element("div", "note", quote.place), element("blockquote", "", quote.text));
      if (quote.picture) {
        const picture = element("img", "page");
        picture.src = data.pictures[quote.picture];
        picture.alt = quote.place;
        made.append(picture);
      }
    }
    return made;
  }

  function row(item) {
    const made = element("details", "item");
    const line = element("summary");
    line.append(element("span", `verdict ${item.colour}`, item.verdict), element("span", "tag", item.type), element("span", "", item.title));
    made.append(line);
    made.addEventListener("toggle", () => { if (made.open && made.childElementCount === 1) made.append(body(item)); });
    return made;
  }

  function draw() {
    const found = data.items.filter(matches);
    list.replaceChildren(...found.slice(0, shown).map(row));
    count.textContent = `${found.length} / ${data.items.length}`;
    more.hidden = found.length <= shown;
  }

  for (const item of data.items) {
    item.searched = [item.title, item.id, ...item.facts.map((fact) => fact[1])].join("\n").toLowerCase();
  }
  fill(filters.type, counted("type"), "all types");
  fill(filters.verdict, counted("verdict"), "all verdicts");
  if (data.items.some((item) => item.verdict === "wrong")) filters.verdict.value = "wrong";
  for (const filter of Object.values(filters)) {
    filter.addEventListener("input", () => { shown = STEP; draw(); });
  }
  more.addEventListener("click", () => { shown += STEP; draw(); });
  draw();
})();
