"use strict";
// The map: points splatted into one picture, so that tens of thousands are drawn in a frame.
const data = JSON.parse(document.getElementById("data").textContent);
const canvas = document.getElementById("map"), told = document.getElementById("told");
const brush = canvas.getContext("2d");
const layer = document.createElement("canvas"), layerBrush = layer.getContext("2d");
const NONE = 255, BINS = 128, HEAT = 160;

const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
const places = new Uint16Array(bytes(data.places).buffer);
const n = places.length / 2;
const X = new Float32Array(n), Y = new Float32Array(n);
for (let i = 0; i < n; i++) { X[i] = places[2 * i] / 65535; Y[i] = places[2 * i + 1] / 65535; }
const others = new Uint16Array(bytes(data.others).buffer); // rows that the map was drawn of, not shown
for (const each of data.colourings) each.of = bytes(each.values);

let view = { k: 1, x: 0, y: 0 }, whole = 1, ratio = 1, width = 0, height = 0;
let colouring = data.colourings[0] || { keys: [], of: new Uint8Array(n), plain: true };
let colours = {}, hidden = new Set(), hovered = -1, asked = false;

// --- Colours, as the page's style has them for light and for dark.

function resolved(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  probe.remove();
  return found;
}

function readColours() {
  colours = { ink: resolved("ink"), muted: resolved("muted"), faint: resolved("faint"), paper: resolved("paper"), accent: resolved("accent") };
  colours.groups = Array.from({ length: 10 }, (_, i) => resolved(`group-${i}`));
  const ramp = Array.from({ length: 9 }, (_, i) => resolved(`ramp-${i}`));
  colours.ramp = Array.from({ length: NONE }, (_, i) => {
    const last = ramp.length - 1, at = (i / (NONE - 1)) * last, low = Math.min(last - 1, Math.floor(at));
    return ramp[low].map((each, c) => each + (at - low) * (ramp[low + 1][c] - each));
  });
}

const css = (colour, alpha = 1) => `rgb(${colour.map(Math.round).join(" ")} / ${alpha})`;

function colourOf(value) {
  if (colouring.plain) return colours.accent;
  if (value === NONE) return colours.muted;
  return colouring.keys ? colours.groups[value] || colours.muted : colours.ramp[value];
}

// --- Where things are on the screen.

const right = (x) => view.x + x * view.k, down = (y) => view.y - y * view.k;

function wholeMap() {
  const room = 24 * ratio;
  view.k = whole = Math.min((width - 2 * room) / data.extent[0], (height - 2 * room) / data.extent[1]);
  view.x = (width - view.k * data.extent[0]) / 2;
  view.y = (height + view.k * data.extent[1]) / 2;
  ask();
}

function zoom(by, x = width / 2, y = height / 2) {
  const k = Math.min(Math.max(view.k * by, whole / 2), whole * 400);
  view.x = x - (x - view.x) * (k / view.k);
  view.y = y - (y - view.y) * (k / view.k);
  view.k = k;
  ask();
}

function resize() {
  ratio = window.devicePixelRatio || 1;
  const box = canvas.parentElement.clientWidth;
  canvas.style.height = `${Math.round(Math.max(320, Math.min(0.7 * window.innerHeight, box)))}px`;
  width = canvas.width = layer.width = Math.round(box * ratio);
  height = canvas.height = layer.height = Math.round(parseFloat(canvas.style.height) * ratio);
  wholeMap();
}

// --- Who is where: rows sorted by the square that they lie in.

const first = new Uint32Array(BINS * BINS + 1), sorted = new Uint32Array(n);
const square = (i) => Math.min(BINS - 1, Math.floor(Y[i] * BINS)) * BINS + Math.min(BINS - 1, Math.floor(X[i] * BINS));
for (let i = 0; i < n; i++) first[square(i) + 1]++;
for (let i = 0; i < BINS * BINS; i++) first[i + 1] += first[i];
const next = first.slice();
for (let i = 0; i < n; i++) sorted[next[square(i)]++] = i;

function nearest(x, y, reach) {
  let best = -1, least = reach * reach;
  const low = (at) => Math.max(0, Math.floor((at - reach) * BINS));
  const high = (at) => Math.min(BINS - 1, Math.floor((at + reach) * BINS));
  for (let row = low(y); row <= high(y); row++) {
    for (let at = first[row * BINS + low(x)]; at < first[row * BINS + high(x) + 1]; at++) {
      const i = sorted[at], far = (X[i] - x) ** 2 + (Y[i] - y) ** 2;
      if (far < least && !hidden.has(colouring.of[i])) { best = i; least = far; }
    }
  }
  return best;
}

// --- Drawing.

function ask() {
  if (!asked) { asked = true; requestAnimationFrame(draw); }
}

function draw() {
  asked = false;
  brush.clearRect(0, 0, width, height);
  if (shown("grid")) drawGrid();
  if (shown("density")) drawDensity();
  drawCircles();
  drawOthers();
  drawPoints();
  if (shown("pictures")) drawPictures();
  else drawNames();
  if (hovered >= 0) ring(hovered);
  document.documentElement.dataset.drawn ||= Math.round(performance.now());
}

const shown = (name) => document.getElementById(name).checked;

function drawOthers() {
  const side = 3 * ratio;
  brush.fillStyle = css(colours.muted, 0.6);
  for (let i = 0; i < others.length; i += 2)
    brush.fillRect(right(others[i] / 65535) - side / 2, down(others[i + 1] / 65535) - side / 2, side, side);
}

function drawPoints() {
  const usual = n < 2000 ? 3.5 : n < 10000 ? 2.5 : n < 30000 ? 1.9 : 1.5;
  const radius = ratio * Math.min(6, usual * Math.max(1, view.k / whole) ** 0.35);
  const reach = Math.ceil(radius), side = 2 * reach + 1, offsets = [], covers = [];
  const strength = shown("grid") ? 0.9 : n < 10000 ? 0.8 : 0.6;
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
    const cover = strength * Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(x - reach, y - reach)));
    if (cover > 0.02) { offsets.push(4 * (y * width + x)); covers.push(cover); }
  }
  const picture = layerBrush.createImageData(width, height), pixels = picture.data;
  const table = Array.from({ length: 256 }, (_, value) => colourOf(value));
  const gone = Array.from({ length: 256 }, (_, value) => hidden.has(value));
  const of = colouring.of;
  for (let i = 0; i < n; i++) {
    if (gone[of[i]]) continue;
    const left = Math.round(right(X[i])) - reach, top = Math.round(down(Y[i])) - reach;
    if (left < 0 || top < 0 || left + side > width || top + side > height) continue;
    const [r, g, b] = table[of[i]];
    const corner = 4 * (top * width + left);
    for (let each = 0; each < offsets.length; each++) {
      const at = corner + offsets[each], over = covers[each], below = pixels[at + 3];
      if (below === 0) {
        pixels[at] = r; pixels[at + 1] = g; pixels[at + 2] = b;
        pixels[at + 3] = 255 * over;
        continue;
      }
      const under = (below / 255) * (1 - over), all = over + under, share = over / all;
      pixels[at] += share * (r - pixels[at]);
      pixels[at + 1] += share * (g - pixels[at + 1]);
      pixels[at + 2] += share * (b - pixels[at + 2]);
      pixels[at + 3] = 255 * all;
    }
  }
  layerBrush.putImageData(picture, 0, 0);
  brush.drawImage(layer, 0, 0);
}

let heat = null;

function heated() {
  // Rows in each square, blurred three times by a box: nearly a Gaussian.
  let count = new Float32Array(HEAT * HEAT);
  for (let i = 0; i < n; i++) {
    if (!hidden.has(colouring.of[i])) count[Math.min(HEAT - 1, Math.floor(Y[i] * HEAT)) * HEAT + Math.min(HEAT - 1, Math.floor(X[i] * HEAT))]++;
  }
  for (let turn = 0; turn < 6; turn++) {
    const step = turn % 2 ? HEAT : 1, blurred = new Float32Array(HEAT * HEAT);
    for (let y = 0; y < HEAT; y++) for (let x = 0; x < HEAT; x++) {
      const along = turn % 2 ? y : x, at = y * HEAT + x;
      for (let off = -2; off <= 2; off++) {
        if (along + off >= 0 && along + off < HEAT) blurred[at] += count[at + off * step] / 5;
      }
    }
    count = blurred;
  }
  const most = count.reduce((a, b) => Math.max(a, b), 1e-9);
  const made = document.createElement("canvas");
  made.width = made.height = HEAT;
  const pen = made.getContext("2d"), picture = pen.createImageData(HEAT, HEAT);
  for (let i = 0; i < HEAT * HEAT; i++) {
    const at = 4 * ((HEAT - 1 - Math.floor(i / HEAT)) * HEAT + (i % HEAT)), share = Math.sqrt(count[i] / most);
    picture.data.set([...colours.accent, 200 * (Math.ceil(8 * share) / 8)], at);
  }
  pen.putImageData(picture, 0, 0);
  return made;
}

function drawDensity() {
  heat ||= heated();
  brush.imageSmoothingEnabled = true;
  brush.drawImage(heat, right(0), down(1), view.k, view.k);
}

const backdrop = new Image();

function drawGrid() {
  if (!backdrop.complete) return;
  const [left, bottom, across, upward] = data.grid.box;
  brush.globalAlpha = 0.4;
  brush.imageSmoothingEnabled = view.k < 4 * whole;
  brush.drawImage(backdrop, right(left), down(bottom + upward), across * view.k, upward * view.k);
  brush.globalAlpha = 1;
}

function drawCircles() {
  if (!data.circles) return;
  brush.strokeStyle = css(colours.muted, 0.6);
  brush.lineWidth = ratio;
  for (const times of [1, 2, 3]) {
    brush.beginPath();
    brush.arc(right(data.circles[0]), down(data.circles[1]), times * data.circles[2] * view.k, 0, 2 * Math.PI);
    brush.stroke();
  }
}

const medians = new Map();

function middle(value) {
  const mine = [];
  for (let i = 0; i < n; i++) if (colouring.of[i] === value) mine.push(i);
  const half = (of) => Float32Array.from(mine, (i) => of[i]).sort()[mine.length >> 1];
  return mine.length ? [half(X), half(Y)] : null;
}

function drawNames() {
  if (!colouring.keys || colouring.plain) return;
  if (!medians.has(colouring)) medians.set(colouring, colouring.keys.slice(0, colouring.named).map((_, value) => middle(value)));
  brush.font = `600 ${13 * ratio}px system-ui, sans-serif`;
  brush.textAlign = "center";
  brush.textBaseline = "middle";
  brush.lineWidth = 4 * ratio;
  brush.lineJoin = "round";
  medians.get(colouring).forEach((at, value) => {
    const name = colouring.keys[value];
    if (!at || hidden.has(value) || name.length > 14) return;
    brush.strokeStyle = css(colours.paper, 0.85);
    brush.strokeText(name, right(at[0]), down(at[1]));
    brush.fillStyle = css(colours.ink);
    brush.fillText(name, right(at[0]), down(at[1]));
  });
}

function ring(i) {
  brush.strokeStyle = css(colours.ink);
  brush.lineWidth = 2 * ratio;
  brush.beginPath();
  brush.arc(right(X[i]), down(Y[i]), 7 * ratio, 0, 2 * Math.PI);
  brush.stroke();
}

// --- What a row is: a leaf holds a thousand of them, and is opened when one is asked for.

const leaves = new Map();

function leaf(i) {
  const number = Math.floor(i / data.leaf);
  if (!leaves.has(number)) {
    const found = document.getElementById(`leaf-${number}`), opened = found ? JSON.parse(found.textContent) : {};
    if (opened.sheet) {
      const sheet = new Image();
      sheet.onload = () => { opened.ready = sheet; ask(); if (hovered >= 0) tell(hovered); };
      sheet.src = opened.sheet;
    }
    leaves.set(number, opened);
  }
  return leaves.get(number);
}

function tile(i) {
  const at = i % data.leaf, [across, high] = data.tile;
  return [(at % data.columns) * across, Math.floor(at / data.columns) * high, across, high];
}

function drawPictures() {
  const cell = 40 * ratio, taken = new Set();
  brush.imageSmoothingEnabled = false;
  for (let i = 0; i < n; i++) {
    const x = Math.floor(right(X[i]) / cell), y = Math.floor(down(Y[i]) / cell), key = y * 4096 + x;
    if (x < 0 || y < 0 || x * cell > width || y * cell > height || taken.has(key) || hidden.has(colouring.of[i])) continue;
    taken.add(key);
    const opened = leaf(i);
    if (!opened.ready) continue;
    const [, , across, high] = tile(i), big = (cell - 3 * ratio) / Math.max(across, high);
    const left = x * cell, top = y * cell;
    brush.drawImage(opened.ready, ...tile(i), left, top, across * big, high * big);
    brush.strokeStyle = css(colourOf(colouring.of[i]));
    brush.lineWidth = 2 * ratio;
    brush.strokeRect(left, top, across * big, high * big);
  }
}

function line(name, value) {
  const row = document.createElement("tr"), head = document.createElement("th"), cell = document.createElement("td");
  head.textContent = name;
  cell.textContent = value;
  row.append(head, cell);
  return row;
}

function said(each, i) {
  const value = each.of[i];
  if (value === NONE) return "unknown";
  if (each.keys) return each.keys[value];
  return Number((each.low + (value / (NONE - 1)) * (each.high - each.low)).toPrecision(3)).toString();
}

function tell(i) {
  const opened = leaf(i), at = i % data.leaf, title = document.createElement("b"), table = document.createElement("table");
  title.textContent = opened.names ? opened.names[at] : `row ${i}`;
  const inside = [title, table];
  if (opened.ready) {
    const small = document.createElement("canvas"), [x, y, across, high] = tile(i);
    small.width = across;
    small.height = high;
    small.getContext("2d").drawImage(opened.ready, x, y, across, high, 0, 0, across, high);
    inside.unshift(small);
  }
  for (const each of data.colourings) table.append(line(each.name, said(each, i)));
  if (opened.cells) data.names.forEach((name, column) => table.append(line(name, opened.cells[at][column])));
  told.replaceChildren(...inside);
  told.style.display = "block";
  const x = right(X[i]) / ratio, y = down(Y[i]) / ratio, box = canvas.parentElement;
  told.style.left = `${x > box.clientWidth / 2 ? Math.max(4, x - told.offsetWidth - 14) : x + 14}px`;
  told.style.top = `${Math.max(4, Math.min(y + 10, box.clientHeight - told.offsetHeight - 4))}px`;
}

function hover(x, y) {
  const found = nearest((x - view.x) / view.k, (view.y - y) / view.k, (14 * ratio) / view.k);
  if (found === hovered) return;
  hovered = found;
  if (found >= 0) tell(found);
  else told.style.display = "none";
  ask();
}

// --- Fingers, mice, keys.

const fingers = new Map();
const at = (event) => [event.offsetX * ratio, event.offsetY * ratio];
let moved = 0;

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, at(event));
  moved = 0;
});
canvas.addEventListener("pointermove", (event) => {
  const [x, y] = at(event), before = fingers.get(event.pointerId);
  if (!before) { hover(x, y); return; }
  fingers.set(event.pointerId, [x, y]);
  if (fingers.size === 2) {
    const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, each]) => each);
    const span = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]) || 1;
    zoom(span([x, y]) / span(before), other[0], other[1]);
  } else {
    view.x += x - before[0];
    view.y += y - before[1];
  }
  moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
  hovered = -1;
  told.style.display = "none";
  ask();
});
for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => {
  fingers.delete(event.pointerId);
  if (name === "pointerup" && moved < 6 * ratio) hover(...at(event));
});
canvas.addEventListener("pointerleave", () => { hovered = -1; told.style.display = "none"; ask(); });
canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoom(Math.exp(-0.0015 * event.deltaY), ...at(event)); }, { passive: false });
canvas.addEventListener("dblclick", (event) => zoom(2, ...at(event)));
document.getElementById("nearer").onclick = () => zoom(1.5);
document.getElementById("farther").onclick = () => zoom(1 / 1.5);
document.getElementById("whole").onclick = wholeMap;
for (const name of ["density", "pictures", "grid"]) document.getElementById(name).onchange = ask;

function legend() {
  const list = document.getElementById("legend");
  list.replaceChildren();
  if (colouring.plain) return;
  if (!colouring.keys) {
    const item = document.createElement("li"), bar = document.createElement("i");
    item.className = "ramp";
    item.append(colouring.low.toPrecision(3), bar, colouring.high.toPrecision(3));
    list.append(item);
    return;
  }
  colouring.keys.forEach((name, value) => {
    const item = document.createElement("li"), button = document.createElement("button"), dot = document.createElement("i");
    dot.style.setProperty("--colour", css(colourOf(value)));
    button.type = "button";
    button.setAttribute("aria-pressed", String(!hidden.has(value)));
    button.append(dot, name);
    button.onclick = () => {
      if (!hidden.delete(value)) hidden.add(value);
      heat = null;
      legend();
      ask();
    };
    item.append(button);
    list.append(item);
  });
}

function restyle() {
  readColours();
  heat = null;
  legend();
  ask();
}

if (data.colourings.length > 1) {
  const choice = document.querySelector("#by select");
  document.getElementById("by").hidden = false;
  data.colourings.forEach((each, number) => choice.add(new Option(each.name, String(number))));
  choice.onchange = () => { colouring = data.colourings[Number(choice.value)]; hidden = new Set(); restyle(); };
}
if (data.tile) document.getElementById("with-pictures").hidden = false;
if (data.grid) {
  document.getElementById("with-grid").hidden = false;
  document.getElementById("grid").checked = true;
  backdrop.onload = ask;
  backdrop.src = data.grid.picture;
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
addEventListener("resize", resize);
restyle();
resize();
draw(); // at once: whoever opens the page need not wait for its next frame
