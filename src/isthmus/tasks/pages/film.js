"use strict";
// The film: between two frames points move in a straight line.
const data = JSON.parse(document.getElementById("data").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
const places = new Uint16Array(bytes(data.places).buffer), n = places.length / 2 / data.frames;
const canvas = document.getElementById("film"), chart = document.getElementById("spread");
const slider = document.getElementById("at"), play = document.getElementById("play");
const colouring = data.colourings[0], of = colouring ? bytes(colouring.values) : new Uint8Array(n);
const last = data.frames - 1, NONE = 255;
let at = last, playing = false, before = 0, ratio = 1, side = 1;
slider.max = last;

const style = (name) => `var(--${name})`;

function resolved(name) {
  const probe = document.createElement("i");
  probe.style.color = style(name);
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

let colours = {}, table = [];

function readColours() {
  for (const name of ["ink", "muted", "faint", "accent"]) colours[name] = resolved(name);
  const groups = Array.from({ length: 10 }, (_, i) => resolved(`group-${i}`));
  const ramp = Array.from({ length: 9 }, (_, i) => resolved(`ramp-${i}`));
  table = Array.from({ length: 256 }, (_, value) => {
    if (!colouring) return colours.accent;
    if (value === NONE) return colours.muted;
    return colouring.keys ? groups[value] || colours.muted : ramp[Math.floor((value * ramp.length) / NONE)];
  });
}

function draw() {
  const brush = canvas.getContext("2d"), low = Math.floor(at), high = Math.min(last, low + 1), share = at - low;
  brush.clearRect(0, 0, side, side);
  if (data.circles) {
    brush.strokeStyle = colours.faint;
    brush.lineWidth = ratio;
    for (const times of [1, 2, 3]) {
      brush.beginPath();
      brush.arc(data.circles[0] * side, (1 - data.circles[1]) * side, times * data.circles[2] * side, 0, 2 * Math.PI);
      brush.stroke();
    }
  }
  const radius = 2.2 * ratio, scale = side / 65535;
  brush.globalAlpha = 0.8;
  for (let i = 0; i < n; i++) {
    const a = 2 * (low * n + i), b = 2 * (high * n + i);
    const x = places[a] + share * (places[b] - places[a]), y = places[a + 1] + share * (places[b + 1] - places[a + 1]);
    brush.fillStyle = table[of[i]];
    brush.beginPath();
    brush.arc(x * scale, side - y * scale, radius, 0, 2 * Math.PI);
    brush.fill();
  }
  brush.globalAlpha = 1;
  const between = (values) => values[low] + share * (values[high] - values[low]);
  document.getElementById("epoch").textContent = `epoch ${between(data.epochs).toPrecision(3)} · mean |z| ${between(data.norms).toFixed(2)}`;
  slider.value = at;
  drawChart();
  document.documentElement.dataset.drawn ||= Math.round(performance.now());
}

function drawChart() {
  const brush = chart.getContext("2d"), width = chart.width, height = chart.height;
  const left = 48 * ratio, right = width - 130 * ratio, bottom = height - 22 * ratio, top = 10 * ratio;
  const most = Math.max(...data.norms, ...data.deviations) || 1;
  const x = (i) => left + (right - left) * (i / last), y = (value) => bottom - (bottom - top) * (value / most);
  brush.clearRect(0, 0, width, height);
  brush.font = `${12 * ratio}px system-ui, sans-serif`;
  brush.lineWidth = ratio;
  brush.strokeStyle = colours.faint;
  brush.fillStyle = colours.muted;
  brush.beginPath();
  brush.moveTo(left, top);
  brush.lineTo(left, bottom);
  brush.lineTo(right, bottom);
  brush.stroke();
  brush.fillText(most.toPrecision(2), 8 * ratio, top + 8 * ratio);
  brush.fillText("0", 34 * ratio, bottom);
  brush.fillText("frames, from before training to its end", left, height - 5 * ratio);
  const lines = [["norms", "mean |z|", colours.accent], ["deviations", "deviation", colours.muted]];
  let taken = -1e9;
  lines.map((each) => [...each, y(data[each[0]][last])]).sort((a, b) => a[3] - b[3]).forEach(([key, name, colour, end]) => {
    brush.strokeStyle = brush.fillStyle = colour;
    brush.lineWidth = 2 * ratio;
    brush.beginPath();
    data[key].forEach((value, i) => brush[i ? "lineTo" : "moveTo"](x(i), y(value)));
    brush.stroke();
    taken = Math.max(end + 4 * ratio, taken + 15 * ratio);
    brush.fillText(name, right + 8 * ratio, taken);
  });
  brush.strokeStyle = colours.ink;
  brush.lineWidth = ratio;
  brush.beginPath();
  brush.moveTo(x(at), top);
  brush.lineTo(x(at), bottom);
  brush.stroke();
}

function tick(now) {
  if (!playing) return;
  at = Math.min(last, at + ((now - before) / 1000) * (last / data.seconds));
  before = now;
  draw();
  if (at < last) requestAnimationFrame(tick);
  else stop();
}

function stop() {
  playing = false;
  play.textContent = "play";
}

play.onclick = () => {
  if (playing) { stop(); return; }
  if (at >= last) at = 0;
  playing = true;
  play.textContent = "pause";
  before = performance.now();
  requestAnimationFrame(tick);
};
slider.oninput = () => { stop(); at = Number(slider.value); draw(); };

function legend() {
  const list = document.getElementById("legend");
  list.replaceChildren();
  if (!colouring || !colouring.keys) return;
  colouring.keys.forEach((name, value) => {
    const item = document.createElement("li"), key = document.createElement("button"), dot = document.createElement("i");
    if (!name) return;
    key.type = "button";
    key.disabled = true;
    dot.style.setProperty("--colour", table[value]);
    key.append(dot, name);
    item.append(key);
    list.append(item);
  });
}

function resize() {
  ratio = window.devicePixelRatio || 1;
  const box = Math.round(Math.min(canvas.parentElement.clientWidth, Math.max(320, 0.66 * window.innerHeight)));
  canvas.style.width = canvas.style.height = `${box}px`;
  side = canvas.width = canvas.height = Math.round(box * ratio);
  chart.width = Math.round(chart.clientWidth * ratio);
  chart.height = Math.round(chart.clientHeight * ratio);
  draw();
}

function restyle() { readColours(); legend(); resize(); }

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
addEventListener("resize", resize);
restyle();
// Whoever asked for less motion starts the film by hand.
if (!matchMedia("(prefers-reduced-motion: reduce)").matches) play.click();
