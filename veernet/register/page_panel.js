// -- Panel: every field of the manifest. Parts are built anew only where their fields change, so that typing goes on undisturbed. ---------
const STYLES = ["solid", "dashed", "dotted"], built = {};
let current = null, doneAt = 0, saveAsked = null; // the stop that was gone to, the place among the stops where it stood, the state that is to be saved doubts and all

/** A field of the state by its path; `onCommit` fields take effect when they are left, because half a number would tear the ruler. */
function field(path, { label, options, type = "text", onCommit = false, title = "", width, placeholder = "" } = {}) {
  const node = options ? html("select", {}, ...options.map(([value, text]) => html("option", { value }, text))) : html("input", { type: type === "number" ? "text" : type });
  Object.assign(node, { id: idOf(path), title });
  Object.assign(node.dataset, { path, type, hint: title });
  if (!options && type !== "checkbox") { Object.assign(node, { autocomplete: "off", spellcheck: false, placeholder }); }
  if (type === "number") node.inputMode = "decimal";
  if (width) node.classList.add(width);
  node.setAttribute("aria-label", label);
  node.addEventListener(onCommit ? "change" : "input", () => take(node));
  return node;
}
const idOf = (path) => `f-${path.replace(/[.[\]]+/g, "-").replace(/-$/, "")}`;
function take(node) {
  const { path, type } = node.dataset, text = node.value.trim();
  let value = type === "checkbox" ? node.checked : text;
  if (type === "number") {
    const number = Number(text.replace(",", ".").replace("−", "-"));
    value = text === "" ? null : Number.isFinite(number) ? number : text;
    if (/ticks|_row/.test(path) && typeof value !== "number") return node.setAttribute("aria-invalid", "true");
  } else if (type === "text" && text === "" && !path.endsWith(".unit")) value = null;
  if (path.endsWith(".unit") && path !== "depth.unit" && text === "") value = "";
  if (value !== valueAt(path)) setField(path, value);
}
/** Give fields their values and say which are wrong or doubtful. */
function showFields() {
  const byPath = new Map(stops().map((stop) => [stop.path, stop]));
  for (const node of document.querySelectorAll("[data-path]")) {
    const { path, type, hint } = node.dataset, value = valueAt(path), stop = byPath.get(path);
    if (type === "checkbox") { node.checked = value === true; node.indeterminate = value === null; }
    else if (node !== document.activeElement || node.tagName === "SELECT") node.value = value === null || value === undefined ? "" : typeof value === "number" ? short(value, path.includes("row") ? 2 : 6) : value;
    node.classList.toggle("doubtful", stop !== undefined && stop.kind !== "error");
    node.classList.toggle("current", path === current);
    node.setAttribute("aria-invalid", String(stop?.kind === "error"));
    node.title = stop ? `${stop.why}${stop.kind === "doubt" ? `; ${Math.round(100 * (stop.confidence ?? 0))} % sure` : ""}` : hint;
  }
}
function part(id, key, build) {
  const text = JSON.stringify(key);
  if (built[id] === text) return;
  built[id] = text;
  const focused = document.activeElement?.id;
  byId(id).replaceChildren(...build());
  if (focused && document.activeElement?.id !== focused) byId(focused)?.focus();
}
function button(text, act, attributes = {}) {
  const node = html("button", { type: "button", ...attributes }, text);
  node.addEventListener("click", act);
  return node;
}
const rowOfFields = (label, ...nodes) => html("div", { class: "row" }, html("span", { class: "name" }, label), ...nodes);
const says = (id, text) => { if (byId(id).textContent !== text) byId(id).textContent = text; };

let shownRevision = -1, shownFor = null;
function showPanel() {
  const { width } = byId("panel").getBoundingClientRect(), mark = JSON.stringify([selected, current, hover, width]);
  drawLoupe();
  showHere();
  if (shownRevision === revision && shownFor === mark) return;
  [shownRevision, shownFor] = [revision, mark];
  const wrong = stops().filter(({ kind }) => kind === "error").length, open = stops().length - wrong;
  says("standing", wrong || open ? [wrong && `${wrong} wrong`, open && `${open} to check`].filter(Boolean).join(", ") : "nothing left to check");
  byId("standing").className = wrong ? "wrong" : open ? "doubt" : "fine";
  byId("next").disabled = byId("previous").disabled = !stops().length;
  byId("undo").disabled = !past.length;
  byId("redo").disabled = !future.length;
  byId("save").classList.toggle("main", state !== saved);
  document.title = `${state !== saved ? "• " : ""}${sheet.stem}: register`;
  says("name", `${sheet.stem}${state.well.name.value ? ` – ${state.well.name.value}` : ""}`);
  showSelected();
  showStops();
  showDepth();
  showTracks();
  part("sections", [state.sections.length], () => state.sections.flatMap((_, index) => sectionRow(index)));
  part("well", [], () => wellKeys.map((key) => rowOfFields(nameOf(key)[0].toUpperCase() + nameOf(key).slice(1), field(`well.${key}`, { label: `Well, ${nameOf(key)}`, title: hintOf("Well", key), width: "wide" }))));
  showFields();
}
const hintOf = (kind, key) => rules.schema.$defs[kind].properties[key]?.description ?? "";

function showHere() {
  const y = pointer ? pointer.y : view.clientHeight / 2, row = rowIn(y), depth = depthOf(row), column = pointer && pointer.x > GUTTER ? `, column ${columnIn(pointer.x).toFixed(0)}` : "";
  says("here", Number.isFinite(depth) ? `${depth.toFixed(1)} ${state.depth.unit.value ?? ""}` : "–");
  says("where", `row ${row.toFixed(0)}${column}; ${pointer ? "at the pointer" : "mid-view"}`);
}

function showSelected() {
  const one = selected, tick = one?.kind === "tick" ? state.depth.ticks[one.index] : null;
  part("selected", [one && { ...one, row: 0, column: 0 }, tick ? register().jumps.has(tick) && revision : null, one?.kind === "cut" ? state.sections[one.index].kind : null, one?.kind === "edge" ? state.tracks[one.track][one.side].length : null], () => {
    if (!one) return [html("p", { class: "quiet" }, "Nothing is selected. Click a line, a point or a printed depth.")];
    const away = button("Remove", removeSelected, { title: "Delete" });
    if (tick) {
      const index = one.index;
      return [
        html("h3", {}, "Tick"),
        rowOfFields("Depth", field(`depth.ticks[${index}].depth`, { label: "Depth of the tick", type: "number", onCommit: true }), html("span", {}, state.depth.unit.value ?? "")),
        rowOfFields("Row", field(`depth.ticks[${index}].row_px`, { label: "Row of the tick", type: "number", onCommit: true }), html("span", { id: "tick-off", class: "quiet" })),
        html("div", { class: "buttons" }, button("Line (l)", toLine, { title: "Onto the printed line that is near (l)" }), button("Neighbours (m)", toNeighbours, { title: "Where its neighbours have its depth (m)" }), button("Shift all", shiftAll, { id: "shift-all", title: "Give all other ticks the change of depth that this one got" }), away),
      ];
    }
    if (one.kind === "edge") {
      const { name } = state.tracks[one.track], points = state.tracks[one.track][one.side].length;
      return [html("h3", {}, `${name}, ${one.side} edge`), html("p", { id: "edge-at", class: "quiet" }),
        html("div", { class: "buttons" }, button("Bend here (b)", bend), ...(one.point !== null && points > 1 ? [away] : []))];
    }
    if (one.kind === "cut") return [html("h3", {}, "Begin of a section"), rowOfFields("Is", kindField(one.index)), html("div", { class: "buttons" }, away)];
    const label = labels[one.index];
    return [html("h3", {}, `Printed depth, read “${label.text}”`), html("p", { class: "quiet" }, labelText(label)),
      html("div", { class: "buttons" }, button("Make it a tick (t)", addTick))];
  });
  if (tick) {
    const { ticks, off, pace } = register(), index = ticks.indexOf(tick), around = [pace[index - 1], pace[index]].filter((one) => one !== undefined);
    says("tick-off", index < 0 ? "not in the main pass: not used" : `${offText(off[index])} px off its neighbours, ${around.map((one) => one.toFixed(2)).join(" | ")} px/${state.depth.unit.value ?? "unit"}`);
    byId("shift-all").disabled = !shiftOf(tick);
  }
  if (one?.kind === "edge") { const [row, column] = placeOf(one); says("edge-at", `column ${column.toFixed(1)} at row ${row.toFixed(0)}${one.point === null ? "; the whole edge moves" : "; this point moves"}`); }
}
function labelText(label) {
  const off = offOf(label);
  if (!inMain(label)) return "It lies outside the main pass.";
  if (label.number === null) return `No number. By the ticks it stands at ${depthOf(label.row_px).toFixed(1)}.`;
  return Math.abs(off) <= 3 ? `It stands ${offText(off)} px off its tick line.` : `By the ticks ${depthOf(label.row_px).toFixed(1)} stands here, not ${label.number}.`;
}
/** By how much a tick's depth was changed by hand. */
function shiftOf(tick) {
  const before = given.depth.ticks.find(({ row_px: row }) => Math.abs(row - tick.row_px) < 0.5);
  return before ? tick.depth - before.depth : 0;
}
function shiftAll() {
  const tick = state.depth.ticks[selected.index], shift = shiftOf(tick);
  edit(null, ({ depth }) => {
    for (const other of depth.ticks) if (!other.hand) other.depth = Number((other.depth + shift).toFixed(6));
    for (const end of ["top", "base"]) if (depth[end].value !== null) depth[end].value = Number((depth[end].value + shift).toFixed(6));
  });
}

function showStops() {
  part("stops", [stops().slice(0, 60).map(({ path, kind, why }) => [wordsOf(path), kind, why]), current], () => stops().slice(0, 60).map((stop) => {
    const item = button("", () => visit(stop), { class: stop.kind, title: stop.why });
    item.append(html("b", {}, wordsOf(stop.path)), ` ${stop.why}`);
    item.setAttribute("aria-current", String(stop.path === current));
    return html("li", {}, item);
  }));
}

function showDepth() {
  part("depth", [], () => [
    rowOfFields("Unit", field("depth.unit", { label: "Depth unit", options: [["", "?"], ["ft", "feet"], ["m", "metres"]] }), html("span", { class: "name" }, "LAS step"), field("depth.step", { label: "LAS step", type: "number" })),
    rowOfFields("From", field("depth.top", { label: "First depth", type: "number", title: hintOf("Depth", "top") }), html("span", { class: "name" }, "to"), field("depth.base", { label: "Last depth", type: "number", title: hintOf("Depth", "base") })),
    html("p", { id: "fit", class: "quiet" }), html("p", { id: "agree", class: "quiet" }),
  ]);
  const { ticks, usual, off, works } = register(), unit = state.depth.unit.value ?? "unit", dpi = given.dpi.value;
  const scale = dpi ? `, about 1:${Math.round(dpi / usual * (unit === "m" ? 100 / 2.54 : 12))} at ${short(dpi)} dpi` : "";
  says("fit", works ? `${ticks.length} ticks, ${usual.toFixed(2)} px/${unit}${scale}; at most ${Math.max(...off.map(Math.abs)).toFixed(1)} px off a straight line between neighbours` : "No depths: there must be two ticks or more, in order.");
  const offs = labels.map(offOf).filter(Number.isFinite), agree = offs.filter((one) => Math.abs(one) <= 3).length;
  says("agree", offs.length ? `Of ${offs.length} numbers as read ${agree} agree within 3 px, ${offs.length - agree} do not.` : "No printed depth was read.");
}

function showTracks() {
  part("tracks", state.tracks.map((track) => track.curves.length), () => state.tracks.flatMap((_, t) => trackNodes(t)));
  state.tracks.forEach((track, t) => {
    const edges = `edges ${pointsText(track.left)} and ${pointsText(track.right)}`, count = track.curve_count.value;
    says(`edges-${t}`, `${edges}${count > 2 ? `; ${count} curves are drawn: not yet digitised` : ""}`);
    byId(`track-${t}`).classList.toggle("off", !track.on);
  });
}
function trackNodes(t) {
  const path = `tracks[${t}]`, { curves, name } = state.tracks[t];
  const remove = button("×", () => edit(null, (draft) => { draft.tracks.splice(t, 1); selected = null; }), { "aria-label": `Remove ${name}`, title: "Remove this track", class: "small" });
  const head = html("div", { class: "row" }, field(`${path}.name`, { label: "Track, name" }), field(`${path}.scale`, { label: `${name}, scale`, options: [["", "?"], ["linear", "linear"], ["log", "log"]] }),
    html("label", { class: "check" }, field(`${path}.on`, { label: `${name}, digitise`, type: "checkbox" }), "digitise"), remove);
  const grid = html("div", { class: "curves" }, ...["Curve", "Unit", "Left", "Right", "Style", "Wrap", ""].map((text) => html("span", { class: "head" }, text)), ...curves.flatMap((_, c) => curveFields(t, c)));
  const add = button("Add a curve", () => edit(null, (draft) => {
    const none = { value: null, confidence: 1, why: HAND };
    draft.tracks[t].curves.push({ mnemonic: none, unit: sureOf(""), description: "", style: sureOf("solid"), left: none, right: none, backup: none, wrap: sureOf(false), box: null });
    draft.tracks[t].curves = structuredClone(draft.tracks[t].curves);
    draft.tracks[t].curve_count = sureOf(draft.tracks[t].curves.length);
  }), { class: "link" });
  return [html("fieldset", { id: `track-${t}` }, html("legend", { class: "unseen" }, name), head, grid, html("div", { class: "row" }, html("span", { id: `edges-${t}`, class: "quiet grow" }), add))];
}
function curveFields(t, c) {
  const path = `tracks[${t}].curves[${c}]`, name = `curve ${c + 1} of ${state.tracks[t].name}`;
  const remove = button("×", () => edit(null, (draft) => { draft.tracks[t].curves.splice(c, 1); draft.tracks[t].curve_count = sureOf(draft.tracks[t].curves.length); }), { "aria-label": `Remove ${name}`, title: "Remove this curve", class: "small" });
  return [
    field(`${path}.mnemonic`, { label: `Name, ${name}`, title: hintOf("Curve", "mnemonic") }), field(`${path}.unit`, { label: `Unit, ${name}`, title: hintOf("Curve", "unit") }),
    field(`${path}.left`, { label: `Left, ${name}`, type: "number", title: hintOf("Curve", "left") }), field(`${path}.right`, { label: `Right, ${name}`, type: "number", title: hintOf("Curve", "right") }),
    field(`${path}.style`, { label: `Style, ${name}`, options: [["", "?"], ...STYLES.map((style) => [style, style])] }), field(`${path}.wrap`, { label: `Wraps, ${name}`, type: "checkbox", title: hintOf("Curve", "wrap") }), remove,
    field(`${path}.description`, { label: `Description, ${name}`, title: hintOf("Curve", "description"), width: "described", placeholder: "in words" }),
  ];
}
function addTrack() {
  const last = Math.max(0, ...state.tracks.flatMap(({ right }) => right.map(([, column]) => column))), none = { value: null, confidence: 0, why: "" };
  const [left, right] = last + 100 < given.width_px ? [last + 10, given.width_px - 1] : [0.4, 0.6].map((part) => Math.round(part * given.width_px)), row = Math.round(state.sections[mainIndex()]?.first_row ?? 0);
  edit(null, (draft) => draft.tracks.push({
    name: `track-${draft.tracks.length + 1}`, left: [[row, left]], right: [[row, right]], edges_confidence: 1, scale: sureOf("linear"), divisions: none, curves: [], curve_count: none, on: true,
  }));
}

const kindField = (index) => field(`sections[${index}].kind`, { label: `Kind of section ${index + 1}`, options: Object.entries(KIND_WORDS).map(([kind, text]) => [kind, text.split(":")[0]]) });
function sectionRow(index) {
  const from = index ? field(`sections[${index}].first_row`, { label: `First row of section ${index + 1}`, type: "number", onCommit: true }) : html("span", { class: "quiet" }, "0");
  const go = button("Show", () => { centre(Y(state.sections[index].first_row) + 0.4 * view.clientHeight / zoom); view.focus(); }, { class: "link", "aria-label": `Show section ${index + 1}` });
  return [html("div", { class: "row" }, kindField(index), html("span", { class: "name" }, "from row"), from, go)];
}
/** Move the begin of a section, which is the end of the one above. */
function cutAt(draft, index, row) {
  const [above, below] = [draft.sections[index - 1], draft.sections[index]], to = clamp(row, above.first_row + 1, below.end_row - 1);
  [above.end_row, below.first_row] = [to, to];
}
