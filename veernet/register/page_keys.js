// -- Going from stop to stop ------------------------------------------------------------------------------------------------------------------
function say(text, kind = "quiet") { byId("said").textContent = text; byId("said").className = kind; }
function select(thing) { selected = thing; redraw(); }
function show(row, column = null) {
  const y = Y(clamp(row, 0, given.rows - 1));
  if (Math.abs(y - middle()) * zoom > 0.3 * view.clientHeight) centre(y);
  if (column !== null && (cssX(column) < GUTTER + 20 || cssX(column) > view.clientWidth - 20)) view.scrollLeft = X(column) * zoom - (view.clientWidth - GUTTER) / 2;
  redraw();
}
const sectionStart = (kinds) => state.sections.find(({ kind }) => kinds.includes(kind))?.first_row;
/** Bring a field and what it is read from into view. */
function visit(stop) {
  const { path } = stop, steps = stepsOf(path), [head, index] = steps;
  [current, doneAt] = [path, stops().findIndex((one) => one.path === path)];
  selected = null;
  let focus = byId(idOf(path));
  if (head === "depth" && steps[1] === "ticks") {
    const at = steps[2] ?? 0;
    if (state.depth.ticks[at]) { selected = { kind: "tick", index: Number(at) }; show(state.depth.ticks[at].row_px); }
    focus = null;
  } else if (head === "depth") {
    const row = rowOf(state.depth[steps[1]]?.value ?? NaN);
    show(Number.isFinite(row) ? row : sectionStart(["scale", "main"]) ?? 0);
  } else if (head === "tracks" && index !== undefined) {
    const track = state.tracks[index], box = track.curves[steps[3]]?.box, start = state.sections[mainIndex()]?.first_row ?? 0;
    if (["left", "right"].includes(steps[2]) && steps.length === 3) { selected = { kind: "edge", track: Number(index), side: steps[2], point: null, row: start + 200 }; show(start + 200, track[steps[2]][0]?.[1]); focus = null; }
    else if (box) show((box.top_row + box.end_row) / 2, (box.left_px + box.end_px) / 2);
    else show(sectionStart(["scale"]) ?? start, columnAt(track.left, start));
  } else if (head === "sections") show(state.sections[index].first_row);
  else show((sectionStart(["header"]) ?? 0) + 0.4 * view.clientHeight / zoom / picture.scale);
  redraw();
  showPanel();
  say(`${wordsOf(path)}: ${stop.why}. ${stop.kind === "error" ? "Put it right, then Enter" : "Enter if it is right, or now is"}.`, stop.kind === "error" ? "wrong" : "doubt");
  byId("stops").querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  if (!focus) return view.focus({ preventScroll: true });
  focus.focus();
  focus.select?.();
  focus.scrollIntoView({ block: "nearest" });
}
function step(forward) {
  const all = stops(), here = all.findIndex((stop) => stop.path === current);
  if (!all.length) { current = null; view.focus({ preventScroll: true }); redraw(); return say("Nothing is left to check. Save (s).", "fine"); }
  const next = here >= 0 ? here + (forward ? 1 : -1) : doneAt + (forward ? 0 : -1);
  visit(all[(next + all.length) % all.length]);
}
/** What was gone to is right as it now is; on to the next. */
function acceptCurrent() {
  if (current === null) return step(true);
  const stop = stops().find(({ path }) => path === current);
  if (stop?.kind === "error") return say(`${wordsOf(current)}: ${stop.why}.`, "wrong");
  if (stop) accept(current);
  current = null;
  step(true);
}

// -- Changes by pointer and keys --------------------------------------------------------------------------------------------------------------
function removeSelected() {
  const one = selected;
  if (!one || one.kind === "label") return;
  if (one.kind === "edge" && (one.point === null || state.tracks[one.track][one.side].length < 2)) return say("A whole edge stays; remove its track in the panel.");
  edit(null, (draft) => {
    selected = null;
    if (one.kind === "tick") draft.depth.ticks.splice(one.index, 1);
    else if (one.kind === "edge") draft.tracks[one.track][one.side].splice(one.point, 1);
    else { const [gone] = draft.sections.splice(one.index, 1); draft.sections[one.index - 1].end_row = gone.end_row; }
  });
}
/** A new tick at the selected label or the pointer, with the number that stands there or the one that the ruler has. */
function addTick() {
  const label = selected?.kind === "label" ? labels[selected.index] : null, row = label ? label.row_px : rowIn(pointer ? pointer.y : view.clientHeight / 2);
  const near = label ?? labels.find((one) => inMain(one) && Math.abs(one.row_px - row) < 12), pitch = given.depth.line_step.value ?? 1, ruled = depthOf(row);
  const depth = near?.number ?? (Number.isFinite(ruled) ? Number((Math.round(ruled / pitch) * pitch).toFixed(4)) : 0);
  const tick = { row_px: near?.row_px ?? row, depth, confidence: 1, on_line: false, hand: true };
  edit(null, (draft) => { draft.depth.ticks.push(structuredClone(tick)); });
  select({ kind: "tick", index: state.depth.ticks.findIndex((one) => one.hand && one.row_px === tick.row_px), column: pointer && pointer.x > GUTTER ? columnIn(pointer.x) : undefined });
  showPanel();
  focusDepth();
}
function focusDepth() { const node = byId(idOf(`depth.ticks[${selected.index}].depth`)); node?.focus(); node?.select(); }
const pickedTick = () => selected?.kind === "tick" ? state.depth.ticks[selected.index] : say("Select a tick first.");
function moveTick(row) { move(selected, row - state.depth.ticks[selected.index].row_px, 0, null); }
/** Put the selected tick where its neighbours have its depth. */
function toNeighbours() {
  const tick = pickedTick(), { ticks, off } = register(), index = ticks.indexOf(tick);
  if (index >= 0) moveTick(tick.row_px - off[index]);
}
/** Put the selected tick on the middle of the darkest line across the tracks that is near it. */
async function toLine() {
  const tick = pickedTick();
  if (!tick) return;
  const row = await lineNear(tick.row_px);
  if (tick !== pickedTick()) return; // something else was done meanwhile
  if (row === null) say(`There is no line across within ${LINE_REACH} px.`);
  else moveTick(row);
}
/** A new point of the selected edge, at the pointer's row. */
function bend() {
  if (selected?.kind !== "edge") return say("Select an edge first, then b puts a point on it at the pointer.");
  const { track, side } = selected, row = Math.round(pointer ? rowIn(pointer.y) : placeOf(selected)[0]), points = state.tracks[track][side];
  if (points.some(([at]) => at === row)) return;
  const column = columnAt(points, row);
  edit(null, (draft) => { draft.tracks[track][side].push([row, column]); draft.tracks[track][side].sort((a, b) => a[0] - b[0]); });
  select({ kind: "edge", track, side, point: state.tracks[track][side].findIndex(([at]) => at === row), row });
}
/** Cut the section under the pointer in two. */
function cut() {
  const row = Math.round(rowIn(pointer ? pointer.y : view.clientHeight / 2)), index = state.sections.findIndex((section) => row > section.first_row && row < section.end_row);
  if (index < 0) return;
  edit(null, (draft) => {
    const below = { ...structuredClone(draft.sections[index]), first_row: row, confidence: 1, caption: "" };
    if (below.kind === "main") below.kind = "other";
    draft.sections[index].end_row = row;
    draft.sections.splice(index + 1, 0, below);
  });
  select({ kind: "cut", index: index + 1 });
}
/** Move what is selected by px of the scan. */
function move(one, down, across, key) {
  edit(key, (draft) => {
    if (one.kind === "tick") { const tick = draft.depth.ticks[one.index]; Object.assign(tick, { row_px: clamp(tick.row_px + down, 0, given.rows - 1), confidence: 1, hand: true }); }
    else if (one.kind === "cut") cutAt(draft, one.index, draft.sections[one.index].first_row + down);
    else if (one.kind === "edge") {
      const track = draft.tracks[one.track], points = track[one.side];
      points.forEach((point, index) => {
        if (one.point !== null && one.point !== index) return;
        point[1] = clamp(point[1] + across, -1, given.width_px);
        if (one.point !== null) point[0] = clamp(point[0] + down, (points[index - 1]?.[0] ?? -1) + 1, (points[index + 1]?.[0] ?? given.rows) - 1);
      });
    }
  });
}
function nudge(event) {
  const size = event.shiftKey ? 0.1 : 1, by = { ArrowUp: [-size, 0], ArrowDown: [size, 0], ArrowLeft: [0, -size], ArrowRight: [0, size] }[event.key];
  if (!by || !selected || selected.kind === "label") return false;
  if (selected.kind === "edge" ? !by[1] && selected.point === null : !by[0]) return false;
  move(selected, ...by, `nudge ${JSON.stringify({ ...selected, index: 0 })}`);
  return true;
}

// -- Save -------------------------------------------------------------------------------------------------------------------------------------
/** Give the manifest to `veernet register --edit`, if the page came from there; null if it is a file. */
async function send(text) {
  if (!location.protocol.startsWith("http")) return null;
  return fetch(location.href, { method: "POST", body: text, headers: { "Content-Type": "application/json" } }).catch(({ message }) => ({ ok: false, text: async () => message }));
}
async function save() {
  view.focus({ preventScroll: true }); // which has a field take what was typed
  showPanel();
  const wrong = stops().find(({ kind }) => kind === "error"), open = stops().filter(({ kind }) => kind !== "error");
  if (wrong) { visit(wrong); return say(`Not saved. ${wordsOf(wrong.path)}: ${wrong.why}.`, "wrong"); }
  if (open.length && saveAsked !== state) { saveAsked = state; return say(`Not saved yet: ${open.length} still to check, first ${wordsOf(open[0].path)}. Save again to take them as they are.`, "doubt"); }
  const name = `${sheet.stem}.sheet.yaml`, text = manifestText(), kept = state, answer = await send(text);
  if (answer === null) {
    const link = html("a", { href: URL.createObjectURL(new Blob([text], { type: "application/yaml" })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  } else if (!answer.ok) return say(`Not saved: ${await answer.text()}`, "wrong");
  saved = kept;
  say(answer ? `Saved ${name}.` : `Saved ${name} where the browser puts downloads; it belongs beside the scan.`, "fine");
  redraw();
}

// -- Mouse and keyboard ---------------------------------------------------------------------------------------------------------------------
const zoomBy = (turn) => setZoom(MODES[clamp(MODES.indexOf(mode) + turn, 0, MODES.length - 1)]);
const KEYS = {
  n: () => step(true), p: () => step(false), s: save, t: addTick, m: toNeighbours, l: toLine, b: bend, x: cut, z: undo, y: redo, f: () => setZoom("fit"), "+": () => zoomBy(1), "=": () => zoomBy(1), "-": () => zoomBy(-1),
  delete: removeSelected, backspace: removeSelected, enter: acceptCurrent, escape: () => select(null),
};
const SCROLLS = {
  j: () => view.scrollTop + 0.4 * view.clientHeight, k: () => view.scrollTop - 0.4 * view.clientHeight,
  arrowup: () => view.scrollTop - 48, arrowdown: () => view.scrollTop + 48, pageup: () => view.scrollTop - 0.85 * view.clientHeight, pagedown: () => view.scrollTop + 0.85 * view.clientHeight,
  home: () => Math.min(view.clientHeight, picture.height * zoom) / 2, end: () => picture.height * zoom - Math.min(view.clientHeight, picture.height * zoom) / 2,
};
function keyInField(event) {
  const node = event.target;
  if (event.key === "Escape") { showFields(); view.focus(); }
  else if (event.key === "Enter") {
    event.preventDefault();
    if (node.dataset.path) take(node);
    if (node.getAttribute("aria-invalid") === "true" && /ticks|_row/.test(node.dataset.path ?? "")) return;
    const inTick = node.dataset.path?.startsWith("depth.ticks");
    if (inTick && !current?.startsWith("depth.ticks")) return view.focus();
    acceptCurrent();
  }
}
document.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase(), { target } = event;
  if (event.ctrlKey || event.metaKey) {
    if (key === "s") { event.preventDefault(); save(); }
    else if ((key === "z" || key === "y") && !target.matches("input[type=text]")) { event.preventDefault(); if (key === "y" || event.shiftKey) redo(); else undo(); }
    return;
  }
  if (event.altKey) return;
  if (target.matches("input, select")) return keyInField(event);
  if (target.matches("button") && (key === "enter" || key === " ")) return;
  if (selected?.kind === "tick" && /^[\d]$/.test(key)) return focusDepth();
  if (nudge(event)) return event.preventDefault();
  const act = KEYS[key], scroll = byId("panel").contains(target) && key !== "j" && key !== "k" ? null : SCROLLS[key];
  if (!act && !scroll) return;
  event.preventDefault();
  if (act) act(); else scrollTo(scroll());
});
let dragged = null;
const CURSORS = { tick: "ns-resize", cut: "ns-resize", label: "pointer" };
canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  select(thingAt(event.offsetX, event.offsetY));
  dragged = selected && selected.kind !== "label" ? { x: event.offsetX, y: event.offsetY, moved: false, key: `drag ${event.timeStamp}` } : null;
  canvas.setPointerCapture(event.pointerId);
  view.focus({ preventScroll: true });
});
canvas.addEventListener("pointermove", ({ offsetX: x, offsetY: y, buttons }) => {
  pointer = { x, y };
  if (dragged && buttons & 1) {
    if (!dragged.moved && Math.hypot(x - dragged.x, y - dragged.y) < 3) return; // a click that trembles moves nothing
    const [down, across] = [(y - dragged.y) / zoom / picture.scale, (x - dragged.x) / zoom / picture.across];
    Object.assign(dragged, { x, y, moved: true });
    lastEdit.at = lastEdit.key === dragged.key ? performance.now() : 0; // one drag is one change, however slow
    move(selected, down, across, dragged.key);
  } else {
    hover = thingAt(x, y);
    canvas.style.cursor = hover ? CURSORS[hover.kind] ?? (hover.point === null ? "ew-resize" : "move") : "crosshair";
  }
  redraw();
});
canvas.addEventListener("pointerup", () => { dragged = null; });
canvas.addEventListener("pointerleave", () => { pointer = null; redraw(); });
canvas.addEventListener("dblclick", () => { if (!selected || selected.kind === "label") addTick(); else if (selected.kind === "edge" && selected.point === null) bend(); });
view.addEventListener("scroll", redraw);
for (const [id, act] of [["next", () => step(true)], ["previous", () => step(false)], ["undo", undo], ["redo", redo], ["save", save], ["add-track", addTrack], ["accept", acceptCurrent]]) byId(id).addEventListener("click", act);
window.addEventListener("beforeunload", (event) => { if (state !== saved) event.preventDefault(); });

openView();
centre(Y(state.sections[mainIndex()]?.first_row ?? 0) + 0.3 * view.clientHeight / zoom);
view.focus({ preventScroll: true });
