// -- The scan with the draft over it. Rows and columns are px of the scan, 0 at a centre; X and Y are px of the picture. ------------------
const X = (column) => (column + 0.5) * picture.across, Y = (row) => (row + 0.5) * picture.scale;
const columnIn = (x) => (x + view.scrollLeft - GUTTER) / zoom / picture.across - 0.5, rowIn = (y) => (middle() + (y - view.clientHeight / 2) / zoom) / picture.scale - 0.5;
const cssX = (column) => toX(X(column)), cssY = (row) => toY(Y(row));
const COLOURS = { tick: "#0b6b66", doubt: "#a85b00", jump: "#c01c28", edge: "#1a5fb4", off: "#7b8490", cut: "#6a3fa0", label: "#4f7a3a", picked: "#d6006c" };
const KIND_TINTS = { header: "#cfd6de", scale: "#d9d2ea", main: "#d4ece4", repeat: "#f3d3b0", other: "#f3d3b0", tail: "#cfd6de" };
const FONT = '12px system-ui, "DejaVu Sans", sans-serif', SMALL = '11px system-ui, "DejaVu Sans", sans-serif', JUMP_SHARE = 0.02;
let pointer = null, hover = null;

const isTick = (index) => selected?.kind === "tick" && selected.index === index;
function colourOf(tick) {
  if (!takesPart(tick)) return COLOURS.off;
  if (register().jumps.has(tick)) return COLOURS.jump;
  return tick.confidence >= rules.sure || state.depth.confidence >= rules.sure ? COLOURS.tick : COLOURS.doubt;
}

function draw() {
  const ratio = canvas.width / view.clientWidth, width = view.clientWidth, height = view.clientHeight;
  const top = middle() - height / 2 / zoom, base = middle() + height / 2 / zoom, rows = [top, base].map((y) => y / picture.scale - 0.5);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = "#e6e9ed";
  context.fillRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(GUTTER, 0, width - GUTTER, height);
  context.clip();
  const whole = drawScan(top, base);
  context.font = FONT;
  context.textBaseline = "middle";
  drawSections(rows, width);
  drawLabels(rows);
  drawEdges(rows);
  context.restore();
  drawGutter(top, base, height);
  drawTicks(rows, width);
  if (lanesAt !== revision) drawLanes();
  drawRail(top, base);
  showPanel();
  if (whole && !asked) view.setAttribute("aria-busy", "false");
}

function chip(text, x, y, colour, align = "left") {
  const width = context.measureText(text).width + 8, left = align === "left" ? x : x - width;
  context.fillStyle = "rgb(255 255 255 / .9)";
  context.fillRect(left, y - 8, width, 16);
  context.fillStyle = colour;
  context.textAlign = "left";
  context.fillText(text, left + 4, y + 0.5);
}

function drawSections([first, last], width) {
  const right = Math.min(cssX(given.width_px), width);
  state.sections.forEach((section, index) => {
    if (section.end_row < first || section.first_row > last) return;
    const [top, base] = [cssY(section.first_row), cssY(section.end_row)], { kind } = section;
    if (kind === "repeat" || kind === "other") {
      context.fillStyle = "rgb(245 216 184 / .38)";
      context.fillRect(GUTTER, top, right - GUTTER, base - top);
    }
    const picked = selected?.kind === "cut" && selected.index === index;
    if (index > 0) {
      Object.assign(context, { strokeStyle: picked ? COLOURS.picked : COLOURS.cut, lineWidth: picked ? 2.5 : 1.5 });
      line([[GUTTER, top], [right, top]], [8, 5]);
    }
    if (index > 0 || top > -20) chip(sectionText(section), right - 10, clamp(top + 11, 10, Math.max(10, base - 10)), picked ? COLOURS.picked : COLOURS.cut, "right");
    else chip(sectionText(section), right - 10, 12, COLOURS.cut, "right");
  });
}
const sectionText = ({ kind, caption }) => `${KIND_WORDS[kind]}${caption ? `: ${caption.slice(0, 40)}` : ""}`;
const KIND_WORDS = { header: "header", scale: "scale block", main: "main pass", repeat: "repeat: not digitised", other: "other pass: not digitised", tail: "tail" };

function line(points, dash = []) {
  context.setLineDash(dash);
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
  context.setLineDash([]);
}

function drawLabels([first, last]) {
  labels.forEach((label, index) => {
    const { box } = label;
    if (box.end_row < first || box.top_row > last) return;
    const off = offOf(label), fits = Math.abs(off) <= 3, picked = selected?.kind === "label" && selected.index === index;
    const colour = picked ? COLOURS.picked : fits ? COLOURS.label : Number.isFinite(off) ? COLOURS.jump : COLOURS.off;
    const [left, right] = [cssX(box.left_px) - 3, cssX(box.end_px) + 3], [top, base] = [cssY(box.top_row) - 2, cssY(box.end_row) + 2];
    Object.assign(context, { strokeStyle: colour, lineWidth: picked ? 2 : 1 });
    context.strokeRect(left, top, right - left, base - top);
    const said = Number.isFinite(off) && !fits ? `read ${label.text}: ${Math.abs(off) > 999 ? "not here" : `${offText(off)} px`}` : label.number === null ? `“${label.text}”` : zoom * picture.scale >= 0.8 ? label.text : null;
    context.font = SMALL;
    if (said) chip(said, right + 3, (top + base) / 2, colour);
    context.font = FONT;
  });
}
const offText = (off) => `${off > 0 ? "+" : off < 0 ? "−" : ""}${Math.abs(off).toFixed(1)}`;

/** Rows where an edge's line bends, and the ends of what shows. */
const cornersOf = (points, first, last) => [first, ...points.map(([row]) => row).filter((row) => row > first && row < last), last];
function drawEdges([first, last]) {
  state.tracks.forEach((track, t) => {
    const { [mainIndex()]: main } = state.sections, [from, to] = [Math.max(first, main?.first_row ?? 0), Math.min(last, main?.end_row ?? given.rows)];
    if (from >= to) return;
    const colour = !track.on ? COLOURS.off : track.edges_confidence >= rules.sure ? COLOURS.edge : COLOURS.doubt;
    if (track.on) {
      context.fillStyle = "rgb(26 95 180 / .045)";
      context.beginPath();
      for (const row of cornersOf(track.left, from, to)) context.lineTo(cssX(columnAt(track.left, row)), cssY(row));
      for (const row of cornersOf(track.right, from, to).reverse()) context.lineTo(cssX(columnAt(track.right, row)), cssY(row));
      context.fill();
    }
    for (const side of ["left", "right"]) {
      const points = track[side], picked = selected?.kind === "edge" && selected.track === t && selected.side === side;
      Object.assign(context, { strokeStyle: picked ? COLOURS.picked : colour, lineWidth: picked ? 2.5 : 1.75 });
      line(cornersOf(points, from, to).map((row) => [cssX(columnAt(points, row)), cssY(row)]), track.on ? [] : [3, 4]);
      if (points.length > 1 || picked) points.forEach(([row, column], index) => {
        if (row < from - 20 || row > to + 20) return;
        const size = picked && selected.point === index ? 10 : 7;
        context.fillStyle = picked && selected.point === index ? COLOURS.picked : "#fff";
        context.fillRect(cssX(column) - size / 2, cssY(row) - size / 2, size, size);
        context.lineWidth = 1.5;
        context.strokeRect(cssX(column) - size / 2, cssY(row) - size / 2, size, size);
      });
    }
    const names = track.curves.map((curve) => curve.mnemonic.value || "?").join(", "), top = Math.max(14, cssY(from) + 14), [a, b] = [cssX(columnAt(track.left, from)), cssX(columnAt(track.right, from))];
    const said = `${track.name}: ${track.on ? names || "no curve" : "not digitised"}`, room = context.measureText(said).width + 8;
    if (room < b - a) chip(said, (a + b - room) / 2, top, colour);
  });
}

function drawTicks([first, last], width) {
  const right = Math.min(cssX(given.width_px), width);
  let free = -Infinity;
  state.depth.ticks.forEach((tick, index) => {
    if (tick.row_px < first - 20 || tick.row_px > last + 20) return;
    const picked = isTick(index), y = cssY(tick.row_px), colour = picked ? COLOURS.picked : colourOf(tick);
    Object.assign(context, { strokeStyle: colour, lineWidth: picked ? 2 : 1.25 });
    context.globalAlpha = picked ? 1 : 0.75;
    line([[GUTTER - 6, y], [right, y]], takesPart(tick) ? [] : [2, 4]);
    context.globalAlpha = 1;
    if (!picked && y - free < 14) return;
    free = y;
    const text = short(tick.depth, 3), size = context.measureText(text).width + 12;
    context.fillStyle = picked || tick.hand || register().jumps.has(tick) ? colour : "#fff";
    context.beginPath();
    context.roundRect(GUTTER - 8 - size, y - 9, size, 18, 4);
    context.fill();
    context.stroke();
    context.fillStyle = context.fillStyle === "#ffffff" ? colour : "#fff";
    context.textAlign = "left";
    context.fillText(text, GUTTER - 2 - size, y + 0.5);
  });
}

/** The ruler: round depths by the ticks, and how many px a unit takes from tick to tick, so that one that is off stands out as a jump. */
function drawGutter(top, base, height) {
  context.fillStyle = "#fff";
  context.fillRect(0, 0, GUTTER, height);
  Object.assign(context, { font: FONT, textAlign: "right", textBaseline: "middle" });
  const { y, pace, usual, works } = register(), [first, last] = [top, base].map((one) => one / picture.scale - 0.5);
  if (works) {
    const { [mainIndex()]: main } = state.sections, [a, b] = [Math.max(first, main?.first_row ?? 0), Math.min(last, main?.end_row ?? given.rows)];
    context.fillStyle = "#98a0aa";
    if (a < b) for (const { value } of roundNumbers(depthOf(a), depthOf(b), (b - a) * picture.scale * zoom, 24)) context.fillRect(GUTTER - 6, Math.round(cssY(rowOf(value))), 5, 1);
    const centre = STRIP / 2, reach = STRIP / 2 - 2;
    context.fillStyle = "#eceff3";
    context.fillRect(centre, 0, 1, height);
    pace.forEach((one, i) => {
      if (y[i + 1] < first || y[i] > last) return;
      const share = one / usual - 1, bar = clamp(share / JUMP_SHARE / 2, -1, 1) * reach, [from, to] = [cssY(y[i]), cssY(y[i + 1])];
      context.fillStyle = Math.abs(share) > JUMP_SHARE ? COLOURS.jump : Math.abs(share) > JUMP_SHARE / 3 ? "#e0a040" : "#9fc7bd";
      context.fillRect(Math.min(centre, centre + bar), from + 0.5, Math.max(1.5, Math.abs(bar)), to - from - 1);
    });
  } else {
    context.fillStyle = COLOURS.jump;
    context.fillText("no depths", GUTTER - 8, 14);
  }
  context.fillStyle = "#d5dae0";
  context.fillRect(GUTTER - 1, 0, 1, height);
  context.fillRect(STRIP, 0, 1, height);
  Object.assign(context, { textAlign: "left", font: FONT });
}

// -- Rail: sections, ticks and how far labels are off, over the whole scan ----------------------------------------------------------------
let lanesAt = null;
const OFF_REACH = 12; // px by which a label is off that stand at the rail's side
function drawLanes() {
  [lanes.width, lanes.height, lanesAt] = [rail.width, rail.height, revision];
  const paint = lanes.getContext("2d"), ratio = rail.width / rail.clientWidth, height = rail.clientHeight, width = rail.clientWidth;
  const place = (row) => railY(Y(row));
  paint.setTransform(ratio, 0, 0, ratio, 0, 0);
  paint.fillStyle = "#fff";
  paint.fillRect(0, 0, width, height);
  for (const section of state.sections) {
    paint.fillStyle = KIND_TINTS[section.kind];
    paint.fillRect(0, place(section.first_row), 10, Math.max(1, place(section.end_row) - place(section.first_row) - 1));
  }
  paint.fillStyle = "#eceff3";
  const centre = 34, reach = 18;
  paint.fillRect(centre, 0, 1, height);
  for (const tick of state.depth.ticks) {
    paint.fillStyle = colourOf(tick);
    paint.globalAlpha = register().jumps.has(tick) ? 1 : 0.45;
    paint.fillRect(10, place(tick.row_px), register().jumps.has(tick) ? width : 6, 1);
  }
  paint.globalAlpha = 1;
  for (const label of labels) {
    const off = offOf(label);
    if (!Number.isFinite(off)) continue;
    paint.fillStyle = Math.abs(off) <= 3 ? COLOURS.label : COLOURS.jump;
    paint.fillRect(centre + clamp(off / OFF_REACH, -1, 1) * reach - 1.5, place(label.row_px) - 1, 3, 3);
  }
}

// -- Loupe: what is selected, at LOUPE css px a px of the picture -------------------------------------------------------------------------
const loupe = byId("loupe"), fine = tileKeeper(redraw), LOUPE = 4;
/** Where the selected thing is: row and column. */
function placeOf(one) {
  const { [mainIndex()]: main } = state.sections, across = columnIn((view.clientWidth + GUTTER) / 2), row = clamp(rowIn(view.clientHeight / 2), 0, given.rows - 1);
  if (!one) return [row, across];
  if (one.kind === "tick") return [state.depth.ticks[one.index].row_px, one.column ?? (given.depth_column ? (given.depth_column[0] + given.depth_column[1]) / 2 : state.tracks[0]?.left[0][1] ?? across)];
  if (one.kind === "label") { const { box, row_px: at } = labels[one.index]; return [at, (box.left_px + box.end_px) / 2]; }
  if (one.kind === "cut") return [state.sections[one.index].first_row, across];
  const points = state.tracks[one.track][one.side];
  if (one.point !== null && points[one.point]) return points[one.point];
  const inside = clamp(one.row ?? row, main?.first_row ?? 0, main?.end_row ?? given.rows);
  return [inside, columnAt(points, inside)];
}
function drawLoupe() {
  const ratio = devicePixelRatio || 1, width = loupe.clientWidth, height = loupe.clientHeight, paint = loupe.getContext("2d");
  if (loupe.width !== Math.round(width * ratio)) [loupe.width, loupe.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  paint.setTransform(ratio, 0, 0, ratio, 0, 0);
  paint.imageSmoothingEnabled = false;
  const [row, column] = selected ? placeOf(selected) : pointer ? [rowIn(pointer.y), columnIn(pointer.x)] : placeOf(null);
  const x = X(column), y = Y(row), left = x - width / 2 / LOUPE, top = y - height / 2 / LOUPE;
  paint.fillStyle = "#e6e9ed";
  paint.fillRect(0, 0, width, height);
  const first = clamp(Math.floor(top / picture.tile), 0, tileCount - 1), last = clamp(Math.floor((top + height / LOUPE) / picture.tile), 0, tileCount - 1);
  fine.keep(first, last);
  for (let index = first; index <= last; index++) {
    const bitmap = fine.bitmap(index);
    if (bitmap) paint.drawImage(bitmap, -left * LOUPE, (index * picture.tile - top) * LOUPE, bitmap.width * LOUPE, bitmap.height * LOUPE);
  }
  paint.strokeStyle = COLOURS.picked;
  paint.lineWidth = 1;
  paint.globalAlpha = 0.8;
  for (const [a, b] of [[[0, height / 2], [width, height / 2]], [[width / 2, 0], [width / 2, height]]].slice(selected?.kind === "edge" ? 1 : 0, selected?.kind === "tick" || selected?.kind === "cut" ? 1 : 2)) {
    paint.beginPath();
    paint.moveTo(...a);
    paint.lineTo(...b);
    paint.stroke();
  }
  paint.globalAlpha = 1;
}

const LINE_REACH = 10; // px of the scan on either side in which a line is looked for
/** The row of the strongest line across the tracks near a row, to a fraction of a px; null where none stands out. */
async function lineNear(row) {
  const sides = state.tracks.filter(({ on }) => on).map((track) => [track.left, track.right].map((points) => X(columnAt(points, row)))), reach = Math.ceil(LINE_REACH * picture.scale);
  const first = clamp(Math.round(Y(row)) - reach, 0, picture.height - 1), end = clamp(first + 2 * reach + 1, first + 1, picture.height), ink = new Float64Array(end - first);
  for (let index = Math.floor(first / picture.tile); index * picture.tile < end; index++) {
    const bitmap = await createImageBitmap(new Blob([bytesOf(`tile-${index}`)], { type: "image/png" })), top = Math.max(first, index * picture.tile), rows = Math.min(end, (index + 1) * picture.tile) - top;
    for (const [from, to] of sides) {
      const left = clamp(Math.round(from), 0, picture.width - 1), width = clamp(Math.round(to), left + 1, picture.width) - left, paint = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
      paint.drawImage(bitmap, -left, index * picture.tile - top);
      const { data } = paint.getImageData(0, 0, width, rows);
      for (let i = 0; i < data.length; i += 4) ink[top - first + Math.floor(i / 4 / width)] += 255 - data[i];
    }
    bitmap.close();
  }
  const ground = median([...ink]), peak = ink.indexOf(Math.max(...ink)), half = (ink[peak] + ground) / 2;
  if (!(ink[peak] > 2 * ground + 1)) return null;
  let [a, b] = [peak, peak];
  while (ink[a - 1] > half) a--;
  while (ink[b + 1] > half) b++;
  const weights = [...ink.slice(a, b + 1)].map((one) => one - ground), total = weights.reduce((sum, one) => sum + one, 0);
  return (first + a + weights.reduce((sum, one, i) => sum + i * one, 0) / total + 0.5) / picture.scale - 0.5;
}

// -- What lies under the pointer ---------------------------------------------------------------------------------------------------------------
function thingAt(x, y) {
  const near = (list, apart) => list.map((one) => ({ ...one, apart: apart(one) })).filter(({ apart }) => apart <= 5).sort((a, b) => a.apart - b.apart)[0]?.thing;
  const row = rowIn(y), column = columnIn(x), { [mainIndex()]: main } = state.sections;
  const ticks = state.depth.ticks.map((tick, index) => ({ thing: { kind: "tick", index, column: x < GUTTER ? undefined : column }, y: cssY(tick.row_px) }));
  if (x < GUTTER) return near(ticks, (one) => Math.abs(one.y - y) / 1.8) ?? null;
  const sides = state.tracks.flatMap((track, t) => ["left", "right"].map((side) => ({ thing: { kind: "edge", track: t, side, point: null, row }, points: track[side] })));
  const knots = sides.flatMap(({ thing, points }) => points.length > 1 ? points.map(([at, across], point) => ({ thing: { ...thing, point }, x: cssX(across), y: cssY(at) })) : []);
  const inMainRows = !main || (row >= main.first_row && row <= main.end_row);
  return near(knots, (one) => Math.max(Math.abs(one.x - x), Math.abs(one.y - y)) / 1.4)
    ?? (inMainRows ? near(sides, (one) => Math.abs(cssX(columnAt(one.points, row)) - x)) : null)
    ?? near(ticks, (one) => Math.abs(one.y - y))
    ?? near(state.sections.slice(1).map((section, i) => ({ thing: { kind: "cut", index: i + 1 }, y: cssY(section.first_row) })), (one) => Math.abs(one.y - y))
    ?? near(labels.map((label, index) => ({ thing: { kind: "label", index }, box: label.box })), ({ box }) => row >= box.top_row && row <= box.end_row && column >= box.left_px && column <= box.end_px ? 0 : 99)
    ?? null;
}
