"use strict";
// Shows the data of the report, and keeps what the reader decides. Start reading at `main`.
// Text from documents only ever becomes text nodes: nothing in it can become markup.

const SCHEMA = "despin.decisions/1";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);

// One document is shown at a time. `shown` holds its index, its rows' elements and the text's places.
let shown = null;
let chosen = -1;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

// Line ends and tabs can be what a change is about: inside a change they are shown.
const visible = (text) => text.replace(/\r/g, "␍").replace(/\n/g, "⏎").replace(/\t/g, "⇥").replace(/^ +| +$/g, (blanks) => "␣".repeat(blanks.length));
const percent = (share) => `${Math.round(share * 100)} %`;
// Texts that only damaged characters were looked for in have no score.
const chance = (probability) => (probability === null ? "–" : probability.toFixed(2));
const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

// ---------------------------------------------------------------------------------------------------------------------
// State: what is accepted, and which wording

function prepare(paper) {
  for (const choice of paper.choices) {
    choice.made = choice.accepted;
    choice.wording = 0;
  }
}

const touched = (choice) => choice.made !== choice.accepted || choice.wording !== 0;
const after = (choice) => choice.wordings[choice.wording];

// Two changes of one place cannot both be made. Insertions at the same offset cannot either: they have no order.
const collide = (one, other) =>
  one !== other && ((one.start < other.end && other.start < one.end) || (one.start === other.start && one.end === other.end));

function decide(number, made, wording) {
  const { choices } = data.documents[shown.index];
  const choice = choices[number];
  choice.made = made;
  if (wording !== undefined) choice.wording = wording;
  const changed = [number];
  if (made) {
    for (const other of shown.clusters[shown.clusterOf[number]].numbers) {
      if (choices[other].made && collide(choice, choices[other])) {
        choices[other].made = false;
        changed.push(other);
      }
    }
  }
  for (const one of changed) paintRow(one);
  paintCluster(shown.clusterOf[number]);
  const others = changed.length > 1 ? `; ${count(changed.length - 1, "change")} of the same place rejected` : "";
  say(`${made ? "Accepted" : "Rejected"}: ${visible(choice.before) || "nothing"} → ${visible(after(choice)) || "nothing"}${others}. ${standing()}`);
}

function standing() {
  const { choices } = data.documents[shown.index];
  const made = choices.filter((choice) => choice.made).length;
  return `${made} of ${count(choices.length, "change")} accepted, ${choices.filter(touched).length} decided by you.`;
}

function say(words) {
  $("status").textContent = words;
}

// ---------------------------------------------------------------------------------------------------------------------
// Overview

function table(id, heads, rows) {
  const body = element("tbody");
  for (const row of rows) {
    body.append(element("tr", row.attributes || {}, ...row.cells.map((cell, at) => element("td", { class: heads[at][1] }, cell))));
  }
  $(id).append(element("thead", {}, element("tr", {}, ...heads.map(([words, kind]) => element("th", { class: kind, scope: "col" }, words)))), body);
}

function tally(keys) {
  const counts = new Map();
  for (const key of keys) counts.set(key, (counts.get(key) || 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
}

function overview() {
  const choices = data.documents.flatMap((paper) => paper.choices);
  const made = choices.filter((choice) => choice.accepted);
  const verdicts = tally(data.documents.map((paper) => paper.verdict)).map(([verdict, number]) => `${number} ${verdict}`);
  $("summary").textContent = `${count(data.documents.length, "document")} (${verdicts.join(", ")}), ${count(made.length, "edit")}, ${count(choices.length - made.length, "refused finding")}.`;
  $("signature").textContent = `Made by ${data.signature}. Scores speak of rewriting traces, not of who wrote a text. Nothing on this page is sent anywhere.`;
  table("documents", [["name", ""], ["verdict", ""], ["probability", "number"], ["family", ""], ["edits", "number"], ["words", "number"]],
    data.documents.map((paper, index) => ({
      attributes: { "data-document": index },
      cells: [element("button", { type: "button", onclick: () => open(index, true) }, paper.name), paper.verdict, chance(paper.probability), paper.family || "–",
        String(paper.choices.filter((choice) => choice.accepted).length), paper.words.toLocaleString("en")],
    })));
  const refused = new Map(tally(choices.filter((choice) => !choice.accepted).map((choice) => choice.rule)));
  const edits = new Map(tally(made.map((choice) => choice.rule)));
  const rules = [...new Set([...edits.keys(), ...refused.keys()])];
  table("rules", [["rule", ""], ["edits", "number"], ["refused", "number"]],
    rules.map((rule) => ({ cells: [rule, String(edits.get(rule) || 0), String(refused.get(rule) || 0)] })));
  const pairs = tally(made.map((choice) => `${visible(choice.before) || "∅"} → ${visible(choice.wordings[0]) || "∅"}`)).slice(0, 50);
  table("frequent", [["substitution", ""], ["times", "number"]], pairs.map(([pair, number]) => ({ cells: [pair, String(number)] })));
}

// ---------------------------------------------------------------------------------------------------------------------
// One document

function open(index, focus) {
  const paper = data.documents[index];
  shown = { index, rows: [], clusters: [], clusterOf: [] };
  chosen = -1;
  for (const row of document.querySelectorAll("#documents tbody tr")) row.classList.toggle("chosen", Number(row.dataset.document) === index);
  $("document-title").textContent = paper.name;
  $("verdict").textContent = `${paper.verdict}: ${paper.reason}. Probability of rewriting ${chance(paper.probability)} before, ${chance(paper.after)} after the repair.`;
  cluster(paper);
  strip(paper);
  kinds(paper);
  rows(paper);
  text(paper);
  say(standing());
  if (focus) $("document-title").focus();
}

// Changes that overlap are shown as one place.
function cluster(paper) {
  for (const [number, choice] of paper.choices.entries()) {
    const last = shown.clusters[shown.clusters.length - 1];
    if (last && (choice.start < last.end || choice.start === last.start)) {
      last.end = Math.max(last.end, choice.end);
      last.numbers.push(number);
    } else {
      shown.clusters.push({ start: choice.start, end: choice.end, numbers: [number], hosts: [] });
    }
    shown.clusterOf.push(shown.clusters.length - 1);
  }
}

function strip(paper) {
  $("strip").replaceChildren(...paper.passages.map((passage, number) => {
    const words = `Passage ${number + 1}: ${passage.verdict}, probability ${passage.probability.toFixed(2)}, ${count(passage.words, "word")}`;
    return element("button", {
      type: "button", class: passage.verdict, title: words, "aria-label": words,
      style: `--level:${percent(passage.verdict === "abstain" ? 0 : passage.probability).replace(" ", "")}; flex-grow:${Math.max(passage.end - passage.start, 1)}`,
      onclick: () => scrollToOffset(passage.start),
    }, passage.verdict === "flag" ? "!" : "");
  }));
}

function kinds(paper) {
  const found = tally(paper.choices.map((choice) => choice.kind)).map(([kind]) => kind).sort();
  $("kind").replaceChildren(element("option", { value: "" }, "all"), ...found.map((kind) => element("option", { value: kind }, kind)));
}

function rows(paper) {
  const list = document.createDocumentFragment();
  paper.choices.forEach((choice, number) => {
    const row = element("li", { class: "row", "data-kind": choice.kind, "data-number": number, tabindex: "-1" });
    shown.rows.push(row);
    paintRow(number);
    list.append(row);
  });
  $("changes").replaceChildren(list);
}

function paintRow(number) {
  const choice = data.documents[shown.index].choices[number];
  const opened = shown.rows[number].querySelector("details")?.open;
  const buttons = element("div", { class: "buttons" },
    element("button", { type: "button", "data-act": "accept", "aria-pressed": String(choice.made) }, "accept"),
    element("button", { type: "button", "data-act": "reject", "aria-pressed": String(!choice.made) }, "reject"));
  if (choice.wordings.length > 1) {
    choice.wordings.forEach((wording, at) => buttons.append(element("button", {
      type: "button", "data-act": "wording", "data-wording": at, "aria-pressed": String(choice.made && choice.wording === at),
    }, `${at + 1} ${visible(wording) || "(nothing)"}`)));
  }
  const details = element("details", { open: opened }, element("summary", {}, "evidence"));
  if (opened) evidence(details, choice);
  shown.rows[number].replaceChildren(
    element("div", { class: "what" }, ...difference(choice.before, after(choice))),
    element("div", { class: "about" }, element("span", { class: "kind" }, choice.rule), ` · ${percent(choice.confidence)} sure${choice.reason ? ` · ${choice.reason}` : ""}`),
    buttons, details);
}

// Reasons become elements when they are looked at: five thousand changes have tens of thousands of them.
function evidence(details, choice) {
  if (details.querySelector("ul")) return;
  details.append(element("ul", {}, ...choice.evidence.map((reason) => element("li", {}, reason))));
}

function difference(before, wording) {
  const parts = [];
  if (before) parts.push(element("del", {}, visible(before)));
  if (wording) parts.push(element("ins", {}, visible(wording)));
  return parts;
}

// The text in blocks, one a line; a line end inside a change does not part blocks.
function text(paper) {
  const sides = document.querySelector("input[name=view]:checked").value === "sides";
  $("text").classList.toggle("sides", sides);
  for (const one of shown.clusters) one.hosts = [];
  const holder = document.createDocumentFragment();
  let block = null;
  const begin = () => {
    const views = sides ? ["before", "after"] : ["both"];
    block = element("div", { class: "block" });
    for (const view of views) block.append(element("div", { "data-view": view }));
    holder.append(block);
  };
  const plain = (words) => {
    words.split("\n").forEach((line, at) => {
      if (at) begin();
      const shownLine = line.replace(/\r$/, "");
      if (shownLine) for (const view of block.children) view.append(shownLine);
    });
  };
  begin();
  let done = 0;
  shown.clusters.forEach((one, number) => {
    plain(paper.text.slice(done, one.start));
    for (const view of block.children) {
      const host = element("span", { class: "place", "data-cluster": number, tabindex: "-1", "data-kind": paper.choices[one.numbers[0]].kind });
      one.hosts.push(host);
      view.append(host);
    }
    done = one.end;
  });
  plain(paper.text.slice(done));
  shown.clusters.forEach((_, number) => paintCluster(number));
  $("text").replaceChildren(holder);
  filter();
}

function paintCluster(number) {
  const paper = data.documents[shown.index];
  const one = shown.clusters[number];
  const made = one.numbers.map((at) => paper.choices[at]).filter((choice) => choice.made).sort((a, b) => a.start - b.start);
  for (const host of one.hosts) {
    const view = host.parentElement.dataset.view;
    const parts = [];
    let done = one.start;
    for (const choice of made) {
      parts.push(paper.text.slice(done, choice.start));
      if (view !== "after" && choice.before) parts.push(element("del", {}, visible(choice.before)));
      if (view !== "before" && after(choice)) parts.push(element("ins", {}, visible(after(choice))));
      done = choice.end;
    }
    parts.push(paper.text.slice(done, one.end));
    host.replaceChildren(...parts);
    host.classList.toggle("made", made.length > 0);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Choosing, filtering, keys

function choose(number, from) {
  if (chosen >= 0) {
    shown.rows[chosen].classList.remove("chosen");
    for (const host of shown.clusters[shown.clusterOf[chosen]].hosts) host.classList.remove("chosen");
  }
  chosen = number;
  const row = shown.rows[number];
  row.classList.add("chosen");
  const { hosts } = shown.clusters[shown.clusterOf[number]];
  for (const host of hosts) host.classList.add("chosen");
  if (from !== "text") hosts[0].scrollIntoView({ block: "center" });
  if (from !== "list") row.scrollIntoView({ block: "nearest" });
  if (from !== "list") row.focus({ preventScroll: true });
}

function scrollToOffset(offset) {
  const near = shown.clusters.findIndex((one) => one.end >= offset);
  if (near >= 0) choose(shown.clusters[near].numbers[0]);
}

function filter() {
  const words = $("query").value.toLowerCase();
  const [state, kind, sure] = [$("state").value, $("kind").value, Number($("sure").value) / 100];
  $("sure-value").textContent = percent(sure);
  const { choices } = data.documents[shown.index];
  const fits = choices.map((choice) =>
    (!kind || choice.kind === kind) && choice.confidence >= sure &&
    (!state || (state === "changed" ? touched(choice) : choice.made === (state === "accepted"))) &&
    (!words || [choice.before, choice.rule, ...choice.wordings].some((part) => part.toLowerCase().includes(words))));
  fits.forEach((fit, number) => { shown.rows[number].hidden = !fit; });
  for (const one of shown.clusters) {
    const faded = !one.numbers.some((number) => fits[number]);
    for (const host of one.hosts) host.classList.toggle("faded", faded);
  }
  say(`${fits.filter(Boolean).length} of ${count(fits.length, "change")} shown. ${standing()}`);
}

function step(by) {
  const visibleRows = shown.rows.map((row, number) => (row.hidden ? -1 : number)).filter((number) => number >= 0);
  if (!visibleRows.length) return;
  const next = by > 0 ? visibleRows.find((number) => number > chosen) : visibleRows.findLast((number) => number < chosen);
  choose(next ?? (by > 0 ? visibleRows[0] : visibleRows[visibleRows.length - 1]));
}

function act(button) {
  const number = Number(button.closest(".row").dataset.number);
  choose(number, "list");
  const { act: deed, wording } = button.dataset;
  decide(number, deed !== "reject", wording === undefined ? undefined : Number(wording));
  const again = wording === undefined ? `[data-act=${deed}]` : `[data-wording="${wording}"]`;
  shown.rows[number].querySelector(again).focus();
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input[type=search], select")) return;
  const { choices } = data.documents[shown.index];
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "/") $("query").focus();
  else if (event.key === "d") download();
  else if (chosen >= 0 && (event.key === "a" || event.key === "r")) decide(chosen, event.key === "a");
  else if (chosen >= 0 && /^[1-9]$/.test(event.key) && Number(event.key) <= choices[chosen].wordings.length) decide(chosen, true, Number(event.key) - 1);
  else return;
  event.preventDefault();
}

// ---------------------------------------------------------------------------------------------------------------------
// Decisions

function decisions() {
  return {
    schema: SCHEMA, unit: "codepoint",
    documents: data.documents.map((paper) => ({
      name: paper.name, source: paper.source, signature: paper.signature,
      edits: paper.choices.filter((choice) => choice.made).sort((one, other) => one.start - other.start || one.end - other.end)
        .map((choice) => [choice.at[0], choice.at[1], choice.before, after(choice), choice.rule, choice.confidence]),
    })),
  };
}

function download() {
  const file = URL.createObjectURL(new Blob([JSON.stringify(decisions())], { type: "application/json" }));
  element("a", { href: file, download: "decisions.json" }).click();
  setTimeout(() => URL.revokeObjectURL(file), 60000);
  say(`decisions.json: use it with "despin repair FILE --decisions decisions.json". ${standing()}`);
}

function main() {
  data.documents.forEach(prepare);
  overview();
  $("filters").addEventListener("input", filter);
  $("filters").addEventListener("change", (event) => (event.target.name === "view" ? text(data.documents[shown.index]) : filter()));
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("download").addEventListener("click", download);
  $("changes").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const row = event.target.closest(".row");
    if (button) act(button);
    else if (row && !event.target.closest("details")) choose(Number(row.dataset.number), "list");
  });
  $("changes").addEventListener("toggle", (event) => {
    const row = event.target.closest(".row");
    if (row && event.target.open) evidence(event.target, data.documents[shown.index].choices[Number(row.dataset.number)]);
  }, true);
  $("text").addEventListener("click", (event) => {
    const place = event.target.closest(".place");
    if (place) choose(shown.clusters[Number(place.dataset.cluster)].numbers[0], "text");
  });
  document.addEventListener("keydown", key);
  if (data.documents.length) open(0, false);
}

main();
