"use strict";
// The page of an exploration. All text comes from `facts` and is put in as text, never as HTML.
const facts = JSON.parse(document.getElementById("facts").textContent);
const stage = document.querySelector(".stage"), panel = document.getElementById("state");
const tip = document.querySelector(".tip"), svgs = [...stage.querySelectorAll("svg")];
const rows = [...document.querySelectorAll("tr[data-state]")];
// The vertex that is chosen, and the state whose data are shown: one of those in it.
let view = 0, chosen = null, shown = null;

function element(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

// -- the views: all states, and circles folded -----------------------------------------------------------

const views = facts.views.map((each, number) => {
  const svg = svgs[number], box = svg.viewBox.baseVal;
  return {
    ...each, svg, whole: {x: box.x, y: box.y, width: box.width, height: box.height},
    node: id => document.getElementById(each.mark + id),
    // In which vertex a state is, if its place is known.
    of: state => each.called[state],
  };
});
const now = () => views[view];

function show(number) {
  const state = chosen === null ? null : shown;
  view = number;
  svgs.forEach((svg, each) => svg.toggleAttribute("hidden", each !== number));
  const button = stage.querySelector("[data-do=fold]");
  button.hidden = views.length < 2;
  button.setAttribute("aria-pressed", number === 1);
  choose(state === null ? null : now().of(state) ?? null, state);
}

// -- pan and zoom ----------------------------------------------------------------------------------------

function look({x, y, width, height}) { now().svg.setAttribute("viewBox", [x, y, width, height].join(" ")); }

function seen() {
  const {x, y, width, height} = now().svg.viewBox.baseVal;
  return {x, y, width, height};
}

// A small picture is not blown up: at most 1.6 times its size.
function whole() {
  const {x, y, width, height} = now().whole, room = stage.getBoundingClientRect();
  const wide = Math.max(width, room.width * .75 / 1.6), high = Math.max(height, room.height * .75 / 1.6);
  look({x: x - (wide - width) / 2, y: y - (high - height) / 2, width: wide, height: high});
}

function point(x, y) { return new DOMPoint(x, y).matrixTransform(now().svg.getScreenCTM().inverse()); }

function zoom(factor, at) {
  const box = seen(), width = box.width * factor;
  if (width < 20 || width > 40 * now().whole.width + 4000) return;
  const middle = at || {x: box.x + box.width / 2, y: box.y + box.height / 2};
  look({
    x: middle.x - (middle.x - box.x) * factor, y: middle.y - (middle.y - box.y) * factor,
    width, height: box.height * factor,
  });
}

function pan(x, y) {
  const box = seen();
  look({...box, x: box.x + x * box.width, y: box.y + y * box.height});
}

function middleOf(node) {
  const {left, top, width, height} = node.getBoundingClientRect();
  return point(left + width / 2, top + height / 2);
}

// Moves the picture as little as is needed to have a vertex in sight.
function bring(node) {
  const inner = node.getBoundingClientRect(), outer = stage.getBoundingClientRect(), room = 30;
  const scale = 1 / now().svg.getScreenCTM().a, box = seen();
  const off = (low, high, from, to) => low < from + room ? low - from - room : high > to - room ? high - to + room : 0;
  box.x += off(inner.left, inner.right, outer.left, outer.right) * scale;
  box.y += off(inner.top, inner.bottom, outer.top, outer.bottom) * scale;
  look(box);
}

let drag = null;
stage.addEventListener("pointerdown", event => {
  if (!now() || event.button || event.target.closest("button")) return;
  drag = {x: event.clientX, y: event.clientY, box: seen(), scale: 1 / now().svg.getScreenCTM().a, moved: false};
});
addEventListener("pointermove", event => {
  if (!drag) return;
  const x = event.clientX - drag.x, y = event.clientY - drag.y;
  if (Math.abs(x) + Math.abs(y) > 4) drag.moved = true;
  if (!drag.moved) return;
  now().svg.classList.add("dragged");
  look({...drag.box, x: drag.box.x - x * drag.scale, y: drag.box.y - y * drag.scale});
});
addEventListener("pointerup", event => {
  if (!drag) return;
  now().svg.classList.remove("dragged");
  const node = event.target.closest?.(".node"), edge = event.target.closest?.(".edge");
  if (!drag.moved) {
    if (node) choose(vertexOf(node));
    else if (edge) choose(lineOf(edge).target);
    else choose(null);
  }
  drag = null;
});
stage.addEventListener("dblclick", event => {
  const node = event.target.closest(".folded"), box = event.target.closest(".box");
  if (node || box) deeds.fold();
});
addEventListener("pointercancel", () => { drag = null; });
stage.addEventListener("wheel", event => {
  if (!now()) return;
  event.preventDefault();
  zoom(Math.exp(Math.max(-80, Math.min(80, event.deltaY)) * .004), point(event.clientX, event.clientY));
}, {passive: false});

// -- what a vertex is --------------------------------------------------------------------------------------

const vertexOf = node => node.id.slice(now().mark.length);
const lineOf = edge => now().lines[+edge.id.slice(now().mark.length + 1)];

function wayTo(number) {
  const way = [];
  for (let at = number; facts.states[at]?.from; at = facts.states[at].from[0]) way.push(at);
  return way.reverse();
}

function named(id) {
  const vertex = now().vertices[id], state = facts.states[vertex.state];
  if (id === "wrong") return facts.wrong;
  const head = vertex.size > 1 ? vertex.lines[0] : "state " + vertex.state + (state.kind ? ", " + state.kind : "");
  const said = vertex.size > 1 ? vertex.lines.slice(1) : Object.entries(state.at).map(([name, at]) => name + ": " + at);
  return [head, ...said].join("\n");
}

// -- the chosen state ----------------------------------------------------------------------------------------

function choose(id, state) {
  chosen = id;
  if (!now()) return;
  for (const each of now().svg.querySelectorAll(".chosen, .way")) each.classList.remove("chosen", "way");
  panel.replaceChildren();
  if (id === null) {
    panel.append(element("h2", "State"), element("p", "Click a state to see its data and the way to it.", "faint"));
    light(null);
    return;
  }
  const vertex = now().vertices[id], node = now().node(id);
  node.classList.add("chosen");
  bring(node);
  shown = state ?? vertex.state;
  light(shown);
  tell(vertex, shown);
  mark(shown);
}

// Colours the steps of the way, where each is drawn.
function mark(number) {
  const ids = [0, ...wayTo(number)].map(state => now().of(state));
  now().lines.forEach((line, place) => {
    const at = ids.findIndex((id, i) => i && id === line.target && ids[i - 1] === line.source);
    if (at > 0) now().node("e" + place).classList.add("way");
  });
}

function tell(vertex, number) {
  const state = facts.states[number];
  const first = vertex.size > 1 ? vertex.lines[0] + ", of which this is one" : "";
  panel.append(element("h2", "State " + number + (state.kind ? ", " + state.kind : "")));
  if (first) panel.append(element("p", first, "faint"));
  if (state.ahead) panel.append(element("p", state.ahead, "faint"));
  const before = state.from && facts.states[state.from[0]].data, data = {...state.data};
  for (const [name, at] of Object.entries(state.at || {})) {
    panel.append(titled(name, at));
    if (data[name]) panel.append(table(data[name], before && before[name]));
    delete data[name];
  }
  for (const [name, group] of Object.entries(data)) {
    panel.append(titled(name, ""), table(group, before && (before[name] || {})));
  }
  if (!state.data) panel.append(element("p", facts.why_not || "Its data were not gathered.", "faint"));
  const way = wayTo(number);
  panel.append(element("h2", way.length ? "The way to it" : "Here everything begins"));
  const fails = way.length && way.every((each, place) => each === facts.path[place + 1]);
  if (fails) panel.append(element("p", "The failing schedule, up to step " + way.length + "."));
  else panel.append(steps(way));
}

function titled(name, at) {
  const title = element("h3", name + " ");
  title.append(element("span", at));
  return title;
}

function table(group, before) {
  const made = element("table", undefined, "data");
  for (const [name, text] of Object.entries(group)) {
    const row = made.insertRow();
    row.insertCell().textContent = name;
    row.insertCell().textContent = text;
    // What the last step has changed stands out.
    if (before && before[name] !== text) row.className = "new";
  }
  return made;
}

function steps(way) {
  const made = element("table", undefined, "steps");
  way.forEach((number, place) => {
    const row = made.insertRow(), state = facts.states[number];
    for (const text of [place + 1, state.from[1], state.said]) row.insertCell().textContent = text;
    row.dataset.state = number;
    listen(row);
  });
  return made;
}

// -- rows of schedules, and the vertices they lead to ----------------------------------------------------------

function light(number) {
  for (const row of rows) row.classList.toggle("lit", number !== null && +row.dataset.state === number);
}

function listen(row) {
  const id = () => now()?.of(+row.dataset.state);
  const lit = on => { if (id()) now().node(id()).classList.toggle("lit", on); };
  row.tabIndex = 0;
  row.addEventListener("pointerenter", () => lit(true));
  row.addEventListener("pointerleave", () => lit(false));
  row.addEventListener("focus", () => lit(true));
  row.addEventListener("blur", () => lit(false));
  const go = () => { if (id()) { lit(false); choose(id(), +row.dataset.state); } };
  row.addEventListener("click", go);
  row.addEventListener("keydown", event => { if (event.key === "Enter") go(); });
}

stage.addEventListener("pointermove", event => {
  const node = event.target.closest(".node"), edge = event.target.closest(".edge");
  tip.hidden = !(node || edge) || Boolean(drag?.moved);
  if (tip.hidden) return;
  const line = edge && lineOf(edge);
  tip.textContent = node ? named(vertexOf(node)) : line.steps;
  const box = tip.getBoundingClientRect(), room = 8;
  tip.style.left = Math.max(room, Math.min(event.clientX + 14, innerWidth - box.width - room)) + "px";
  tip.style.top = Math.max(room, Math.min(event.clientY + 16, innerHeight - box.height - room)) + "px";
});
stage.addEventListener("pointerleave", () => { tip.hidden = true; });

// -- buttons and keys ----------------------------------------------------------------------------------------------

function tree() {
  const on = stage.classList.toggle("tree");
  stage.querySelector("[data-do=tree]").setAttribute("aria-pressed", on);
}

const deeds = {
  whole, nearer: () => zoom(.8), further: () => zoom(1.25), tree,
  fold: () => { if (views.length > 1) { show(1 - view); whole(); } },
};
for (const button of stage.querySelectorAll("button")) {
  button.addEventListener("click", () => { if (now()) deeds[button.dataset.do](); });
}

const first = () => now().of(0);
const ahead = id => [...new Set(now().lines.filter(line => line.source === id).map(line => line.target))];
const behind = id => now().lines.filter(line => line.target === id && line.source !== id);

function go(key) {
  if (chosen === null || key === "Home") return first();
  const back = behind(chosen), from = (back.find(line => line.tree) || back[0])?.source;
  if (key === "ArrowDown") return ahead(chosen).find(id => id !== chosen) ?? chosen;
  if (key === "ArrowUp") return from ?? chosen;
  const beside = from === undefined ? [chosen] : ahead(from).filter(id => id !== from);
  const place = beside.indexOf(chosen) + (key === "ArrowRight" ? 1 : -1);
  return beside[(place + beside.length) % beside.length];
}

const keys = {"+": "nearer", "=": "nearer", "-": "further", "0": "whole", f: "fold", t: "tree"};
stage.addEventListener("keydown", event => {
  if (!now() || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button")) return;
  const deed = keys[event.key], sides = {ArrowLeft: [-.1, 0], ArrowRight: [.1, 0], ArrowUp: [0, -.1], ArrowDown: [0, .1]};
  if (deed) deeds[deed]();
  else if (event.key === "Escape") choose(null);
  else if (event.shiftKey && sides[event.key]) pan(...sides[event.key]);
  else if (sides[event.key] || event.key === "Home") choose(go(event.key));
  else return;
  event.preventDefault();
});

rows.forEach(listen);
if (views.length) {
  show(0);
  whole();
  choose(now().of(facts.first) ?? null);
  // What is too large to be read as a whole begins where it matters.
  const scale = now().svg.getScreenCTM().a;
  if (scale < .35 && chosen) {
    zoom(scale / .7, middleOf(now().node(chosen)));
    bring(now().node(chosen));
  }
} else {
  stage.querySelector(".tools").hidden = true;
  panel.hidden = true;
}
