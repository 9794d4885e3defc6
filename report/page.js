// SPDX-License-Identifier: GPL-2.0
"use strict";
// Text reaches the page only through textContent: whatever a test or a kernel printed stays text.

// What a mapping is held against, as in the table of the text: report/table.py.
const {runs, readOnly, nearest} = JSON.parse(document.getElementById("data").textContent);
const ALL = "all";
const byId = id => document.getElementById(id);

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function append(parent, ...children) {
  parent.append(...children.filter(Boolean));
  return parent;
}

// --- cells -----------------------------------------------------------------------------------------------

function cellsOf(run) {
  const cells = new Map();
  for (const test of run.tests) {
    if (test.cell) cells.set([test.cell.place, test.cell.mapping, test.cell.row].join("\n"), test);
  }
  return cells;
}

const grids = runs.map(cellsOf);
const unique = (run, key) => [...new Set(run.tests.filter(t => t.cell).map(t => t.cell[key]))];

function fill(select, values, chosen) {
  select.replaceChildren(...values.map(([value, text]) => {
    const option = element("option", text);
    option.value = value;
    option.selected = value === chosen;
    return option;
  }));
}

function signsOf(grid, place, mapping, row, test) {
  const other = (p, m) => {
    const found = grid.get([p, m, row].join("\n"));
    return found && found.cell.words && found.cell.words.join() !== test.cell.words.join();
  };
  if (!test.cell.words) return "";
  const there = m => grid.has(["system", m, row].join("\n"));
  return (readOnly[mapping] && other(place, readOnly[mapping]) ? "!" : "") +
    (place !== "system" && other("system", there(mapping) ? mapping : nearest[mapping]) ? "~" : "");
}

function cell(grid, place, mapping, row) {
  const test = grid.get([place, mapping, row].join("\n"));
  if (!test) return element("td", "", "none");
  const box = element("td", undefined, "cell " + test.verdict);
  const button = element("button", test.cell.words ? test.cell.words.join(" · ") : test.verdict);
  const signs = signsOf(grid, place, mapping, row, test);
  if (signs) append(button, " ", element("span", signs, "sign"));
  button.title = test.name + ": " + test.verdict;
  button.addEventListener("click", () => show(test));
  return append(box, button);
}

function draw() {
  const number = Number(byId("kernel").value), grid = grids[number], run = runs[number];
  const places = byId("place").value === ALL ? unique(run, "place") : [byId("place").value];
  const mappings = byId("mapping").value === ALL ? unique(run, "mapping") : [byId("mapping").value];
  const columns = places.flatMap(p => mappings.map(m => [p, m]))
    .filter(([p, m]) => run.tests.some(t => t.cell && t.cell.place === p && t.cell.mapping === m));
  const extent = byId("extent").value, wanted = t => t.cell && (extent === ALL || t.cell.extent === extent);
  const rows = [...new Set(run.tests.filter(wanted).map(t => t.cell.row))]
    .filter(r => columns.some(([p, m]) => grid.has([p, m, r].join("\n"))));
  const head = element("tr");
  append(head, element("th", "access"), ...columns.map(([p, m]) =>
    element("th", places.length === 1 ? m : mappings.length === 1 ? p : p + " " + m)));
  const body = element("tbody");
  for (const row of rows) {
    const cells = columns.map(([p, m]) => cell(grid, p, m, row));
    append(body, append(element("tr"), element("th", row), ...cells));
  }
  byId("grid").replaceChildren(append(element("thead"), head), body);
}

function choose() {
  const run = runs[Number(byId("kernel").value)];
  const keep = (id, values, otherwise) => {
    const old = byId(id).value || otherwise;
    const chosen = values.includes(old) || old === ALL ? old : values[0] || ALL;
    fill(byId(id), [[ALL, "all"], ...values.map(v => [v, v])], chosen);
  };
  keep("place", unique(run, "place"), "coherent");
  keep("mapping", unique(run, "mapping"), ALL);
  keep("extent", unique(run, "extent"), "one");
  draw();
  list();
}

// --- one test --------------------------------------------------------------------------------------------

function table(rows, headings) {
  const made = element("table", undefined, "facts");
  if (headings) append(made, append(element("tr"), ...headings.map(h => element("th", h))));
  for (const row of rows) {
    const line = element("tr", undefined, row.differs ? "differs" : "");
    append(made, append(line, ...row.cells.map(c => element("td", c))));
  }
  return made;
}

const word = value => value === undefined || value === null || value === "" ? "-" :
  typeof value === "object" ? JSON.stringify(value) : String(value);

function outcomeTable(outcome, passed) {
  const expect = outcome.expect || {}, rows = [], whole = expect.page || [];
  const add = (what, seen, expected) => {
    const known = ![undefined, null, "-", ""].includes(expected);
    const [a, b] = [word(seen), known ? word(expected) : ""];
    // A rule may leave a choice, of which only one is written down: what passed is not marked.
    rows.push({cells: [what, a, b], differs: !passed && known && a !== "-" && a !== b});
  };
  add("result", outcome.errno || outcome.result, expect.result);
  (outcome.page || []).forEach((page, i) => {
    const before = page.before || {}, after = page.after || {}, wanted = whole[i] || {};
    const name = outcome.page.length > 1 ? "page " + i + " " : "page ";
    const exclusive = before.excl ? "exclusive" : "";
    add(name + "before", [word(before.at), before.pfn, word(before.perm), exclusive].join(" "));
    add(name + "place", after.at, wanted.at);
    const frame = same => same ? "the same" : "another";
    add(name + "frame", frame(before.pfn === after.pfn), "same" in wanted ? frame(wanted.same) : "");
    add(name + "moved", [word(page.moved), after.pfn].join(" "));
    add(name + "permission", after.perm, wanted.perm);
    add(name + "exclusive", after.excl, wanted.excl);
  });
  for (const [who, seen] of Object.entries(outcome.data || {})) {
    const wanted = [...new Set(whole.map(page => page[who]))];
    add("data: " + who, seen, wanted.length > 1 ? "mixed" : wanted[0]);
  }
  const pages = outcome.devpages || {};
  add("device pages", word(pages.before) + " → " + word(pages.after));
  return table(rows, ["", "seen", "expected"]);
}

function details(test, run) {
  const section = element("section");
  append(section, element("div", test.what, "what"));
  append(section, element("p", test.verdict + (test.cause ? " (" + test.cause + ")" : "") +
    (test.reason ? ": " + test.reason : "") + (test.flaky ? " · flaky" : "")));
  for (const outcome of test.outcomes) {
    append(section, element("h3", "Outcome"), outcomeTable(outcome, test.verdict === "pass"));
  }
  const names = new Set(test.outcomes.flatMap(o => Array.isArray(o.rules) ? o.rules : []));
  for (const name of names) {
    const rule = run.rules[name] || {};
    append(section, element("h3", "Rule " + word(name) + (rule.claim ? " (" + rule.claim + ")" : "")),
      element("div", rule.sentence),
      rule.source && append(element("div", "decided by "), element("code", rule.source)));
  }
  if (test.diags.length) {
    append(section, element("h3", "Diagnostics"),
      element("pre", test.diags.map(([k, t]) => (k ? k + ": " : "") + t).join("\n")));
  }
  if (test.again) append(section, element("h3", "Again"), element("pre", test.again));
  return section;
}

function show(test) {
  const run = runs[Number(byId("kernel").value)], dialog = byId("one"), close = element("button", "close");
  const header = append(element("header", undefined, test.verdict), element("strong", test.name), close);
  close.addEventListener("click", () => dialog.close());
  dialog.replaceChildren(header, details(test, run));
  if (!dialog.open) dialog.showModal();
  history.replaceState(null, "", "#" + encodeURIComponent(test.name));
}

// --- all tests -------------------------------------------------------------------------------------------

function list() {
  const run = runs[Number(byId("kernel").value)];
  const text = byId("find").value.trim(), verdict = byId("verdict").value;
  const found = run.tests.filter(t => (verdict === ALL || t.verdict === verdict) && t.name.includes(text));
  byId("found").textContent = found.length + " of " + run.tests.length;
  byId("list").replaceChildren(...found.slice(0, 500).map(test => {
    const box = element("details", undefined, "test");
    const summary = element("summary", test.name + " ", test.verdict);
    const more = test.verdict === "pass" ? test.what : test.verdict + " " + test.reason;
    box.addEventListener("toggle", () => {
      if (box.children.length === 1) append(box, append(element("div"), details(test, run)));
    });
    return append(box, append(summary, element("span", more, "what")));
  }));
}

function start() {
  fill(byId("kernel"), runs.map((run, i) => [String(i), run.label]), "0");
  const verdicts = [...new Set(runs.flatMap(r => r.tests.map(t => t.verdict)))].sort();
  fill(byId("verdict"), [[ALL, "all"], ...verdicts.map(v => [v, v])], ALL);
  for (const id of ["place", "mapping", "extent"]) byId(id).addEventListener("change", draw);
  byId("kernel").addEventListener("change", choose);
  for (const id of ["find", "verdict"]) byId(id).addEventListener("input", list);
  byId("one").addEventListener("close", () => history.replaceState(null, "", location.pathname));
  for (const form of document.querySelectorAll("form")) {
    form.addEventListener("submit", event => event.preventDefault());
  }
  choose();
  const cells = runs.some(r => r.tests.some(t => t.cell));
  document.querySelectorAll(".cells").forEach(part => { part.hidden = !cells; });
  const wanted = decodeURIComponent(location.hash.slice(1));
  const test = wanted && runs[0].tests.find(t => t.name === wanted);
  if (test) show(test);
}

start();
