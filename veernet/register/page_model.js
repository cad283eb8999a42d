// -- The draft as it stands now: what a person changes, undoes and saves -------------------------------------------------------------------
const given = sheet.draft, { rules } = sheet, { labels } = given;
const HAND = "set by hand", PASSES = ["main", "repeat", "other"];
const sureOf = (value) => ({ value, confidence: 1, why: HAND });
const wellKeys = Object.keys(rules.schema.$defs.Well.properties);
let state = {
  well: Object.fromEntries(wellKeys.map((key) => [key, given.well[key] ?? { value: null, confidence: 1, why: "" }])),
  depth: { ...given.depth, step: sureOf(sheet.step ?? rules.las_step[given.depth.unit.value] ?? rules.las_step.ft) },
  sections: given.sections.length ? given.sections : [{ kind: "main", first_row: 0, end_row: given.rows, confidence: 0 }],
  tracks: given.tracks.map((track) => ({ ...track, on: isDigitised(track) })),
};
for (const key of ["name", "api"]) if (!given.well[key]) state.well[key].confidence = 0;
if (given.well.uwi?.value && !given.well.api) state.well.api.confidence = 1;
if (given.main !== null) state.sections.forEach((section, index) => { if (section.kind === "main" && index !== given.main) section.kind = "other"; });
state = structuredClone(state);
let selected = null; // {kind: "tick" | "edge" | "cut" | "label", ...}; ticks, edges and sections by their place in the state
let saved = state, revision = 0, past = [], future = [], lastEdit = { key: null, at: 0 };

function isDigitised(track) { const count = Math.max(track.curves.length, track.curve_count.value ?? 0); return count >= 1 && count <= 2; }

/** Change the state; changes of the same key that follow at once, as of a drag, are undone as one. */
function edit(key, change) {
  const now = performance.now(), joins = key !== null && lastEdit.key === key && now - lastEdit.at < 1000;
  if (!joins) { past.push({ state, selected }); if (past.length > 300) past.shift(); }
  future = [];
  state = structuredClone(state);
  change(state);
  const tick = selected?.kind === "tick" ? state.depth.ticks[selected.index] : null;
  state.depth.ticks.sort((a, b) => a.row_px - b.row_px);
  if (tick) selected.index = state.depth.ticks.indexOf(tick);
  lastEdit = { key, at: now };
  changed();
}
function travel(from, to) {
  if (!from.length) return;
  to.push({ state, selected });
  ({ state, selected } = from.pop());
  lastEdit = { key: null, at: 0 };
  changed();
}
const undo = () => travel(past, future), redo = () => travel(future, past);
function changed() { revision++; redraw(); }
/** What `read` makes of the state, made once per revision. */
function remembered(read) {
  let at = -1, value;
  return () => { if (at !== revision) [at, value] = [revision, read()]; return value; };
}

// Fields by path, as tracks[0].curves[1].left
const stepsOf = (path) => path.match(/[^.[\]]+/g);
const at = (path, root = state) => stepsOf(path).reduce((part, key) => part?.[key], root);
const isFound = (field) => field !== null && typeof field === "object" && "confidence" in field && "value" in field;
const valueAt = (path) => { const field = at(path); return isFound(field) ? field.value : field; };
function put(root, path, value) {
  const steps = stepsOf(path), last = steps.pop(), holder = steps.reduce((part, key) => part[key], root);
  if (isFound(holder[last])) holder[last] = sureOf(value);
  else {
    holder[last] = value;
    if ("confidence" in holder) [holder.confidence, holder.why] = [1, HAND];
    if ("row_px" in holder) holder.hand = true;
  }
}
function setField(path, value) {
  edit(path, (draft) => {
    if (path.endsWith(".first_row")) return cutAt(draft, Number(stepsOf(path)[1]), value);
    put(draft, path, value);
    if (path === "depth.unit" && Object.values(rules.las_step).includes(draft.depth.step.value)) draft.depth.step = sureOf(rules.las_step[value] ?? draft.depth.step.value);
    if (path.endsWith(".kind")) for (const [index, section] of draft.sections.entries()) if (value === "main" && section.kind === "main" && path !== `sections[${index}].kind`) section.kind = "other";
  });
}

// -- Sections and the depth register ---------------------------------------------------------------------------------------------------------
const mainIndex = () => state.sections.findIndex(({ kind }) => kind === "main");
const SLACK_PX = 8; // a tick may stand so far outside its pass
/** A tick of rows that are not the main pass takes no part. */
function takesPart(tick) {
  const { [mainIndex()]: main } = state.sections;
  return !main || (tick.row_px > main.first_row - SLACK_PX && tick.row_px < main.end_row + SLACK_PX);
}
/** Rows and depths of the ticks that count, how far each lies off the line between its neighbours, and px a unit between them. */
const register = remembered(() => {
  const ticks = state.depth.ticks.filter(takesPart), y = ticks.map((tick) => tick.row_px), depth = ticks.map((tick) => tick.depth), count = ticks.length;
  const pace = y.slice(1).map((row, i) => (row - y[i]) / (depth[i + 1] - depth[i])), usual = median(pace);
  const off = y.map((row, i) => {
    if (count < 3) return 0;
    const [a, b] = i === 0 ? [1, 2] : i === count - 1 ? [count - 3, count - 2] : [i - 1, i + 1];
    return row - (y[a] + (depth[i] - depth[a]) * (y[b] - y[a]) / (depth[b] - depth[a]));
  });
  const allowed = Math.max(2.5, 4 * median(off.map(Math.abs))), jumps = new Set();
  off.forEach((one, i) => { // a tick that is off makes its neighbours seem so, by less
    const inner = [i - 1, i + 1].every((j) => !(Math.abs(off[j] ?? 0) > Math.abs(one)));
    if (!(Math.abs(one) <= allowed) && inner && i > 0 && i < count - 1) jumps.add(ticks[i]);
  });
  for (const [end, next] of [[0, 1], [count - 1, count - 2]]) if (count > 3 && Math.abs(off[end]) > 2 * allowed && Math.abs(off[next]) <= allowed && !jumps.has(ticks[next])) jumps.add(ticks[end]);
  return { ticks, y, depth, pace, usual, off, jumps, works: count > 1 && pace.every((one) => one > 0 && one < Infinity) };
});
function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b), half = sorted.length >> 1;
  return !sorted.length ? NaN : sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
const depthOf = (row) => { const { y, depth, works } = register(); return works ? along(row, y, depth, true) : NaN; };
const rowOf = (depth) => { const { y, depth: depths, works } = register(); return works ? along(depth, depths, y, true) : NaN; };
/** How far below its depth a label of the main pass stands, in px; NaN where it has no number. */
const offOf = (label) => label.number === null || !inMain(label) ? NaN : label.row_px - rowOf(label.number);
const inMain = (label) => { const { [mainIndex()]: main } = state.sections; return Boolean(main) && label.row_px >= main.first_row && label.row_px < main.end_row; };
const pointsText = (points) => points.length === 1 ? short(points[0][1]) : `${short(points[0][1])} to ${short(points.at(-1)[1])} (${points.length} points)`;
const short = (value, decimals = 1) => String(Number(Number(value).toFixed(decimals)));
const columnAt = (points, row) => along(row, points.map(([y]) => y), points.map(([, x]) => x));

// -- The manifest ------------------------------------------------------------------------------------------------------------------------------
const kept = (tree) => Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== null && value !== undefined && value !== ""));
const round = (value) => Math.round(value * 100) / 100;
function edgeOf(points) {
  const columns = new Set(points.map(([, column]) => round(column)));
  return columns.size === 1 ? [...columns][0] : points.map((point) => point.map(round));
}
const onTracks = () => state.tracks.flatMap((track, index) => track.on ? [index] : []);
function manifestOf() {
  const { depth } = state, text = (value) => typeof value === "string" ? value.split(/\s+/).filter(Boolean).join(" ") : value;
  return {
    format: "veernet-sheet/1",
    ...sheet.origin,
    well: kept(Object.fromEntries(wellKeys.map((key) => [key, text(state.well[key].value)]))),
    depth: kept({ unit: depth.unit.value, step: depth.step.value, top: depth.top.value, base: depth.base.value, ticks: register().ticks.map((tick) => [round(tick.row_px), tick.depth]) }),
    tracks: onTracks().map((index) => state.tracks[index]).map((track) => kept({
      name: text(track.name), left: edgeOf(track.left), right: edgeOf(track.right), scale: track.scale.value,
      curves: track.curves.map(({ mnemonic, unit, description, style, left, right, wrap }) => kept({
        mnemonic: text(mnemonic.value), unit: text(unit.value), description: text(description), style: style.value, left: left.value, right: right.value, wrap: wrap.value,
      })),
    })),
  };
}
/** The manifest as a file: JSON, which is YAML, with a line for each pair of numbers. */
const manifestText = () => `${JSON.stringify(manifestOf(), null, 2).replace(/\[\s+([-+.\de]+),\s+([-+.\de]+)\s+\]/g, "[$1, $2]")}\n`;

// -- What needs a person -----------------------------------------------------------------------------------------------------------------------
const KEY_NAMES = { uwi: "UWI", api: "API number", service_company: "Service company", mnemonic: "name", wrap: "wraps" };
const nameOf = (key) => KEY_NAMES[key] ?? key.replaceAll("_", " ");
/** A field in a person's words, as "track-1, GR, left". */
function wordsOf(path) {
  const steps = stepsOf(path);
  if (steps[0] === "depth" && steps[1] === "ticks") return steps[2] === undefined ? "Depth ticks" : `Tick ${at(path.replace(/(\]).*/, "$1"))?.depth ?? ""} ${state.depth.unit.value ?? ""}`.trim();
  if (steps[0] === "tracks" && steps[1] !== undefined) {
    const track = state.tracks[steps[1]], curve = track.curves[steps[3]];
    const key = curve ? steps[4] : steps[2];
    return [track.name || `track ${Number(steps[1]) + 1}`, curve && (curve.mnemonic.value || `curve ${Number(steps[3]) + 1}`), key === "left" && !curve ? "edges" : key && nameOf(key)].filter(Boolean).join(", ");
  }
  if (steps[0] === "sections") return "Main section";
  const last = nameOf(steps.at(-1));
  return steps.length > 1 ? `${steps[0][0].toUpperCase() + steps[0].slice(1)}, ${last}` : last[0].toUpperCase() + last.slice(1);
}
function doubts() {
  const found = [], doubt = (path, confidence, why) => { if (!(confidence >= rules.sure)) found.push({ path, confidence, why: why || "it was not found" }); };
  const of = (path, field) => doubt(path, field.value === null ? Math.min(field.confidence, field.why === HAND ? 1 : 0) : field.confidence, field.value === null ? "it was not found" : field.why || `${field.value} is not sure`);
  of("well.name", state.well.name);
  const { uwi, api } = state.well, best = (uwi.value ? uwi.confidence : 0) > (api.value ? api.confidence : 0) ? "uwi" : "api";
  of(`well.${best}`, state.well[best]);
  const main = mainIndex(), { depth } = state;
  if (main >= 0) doubt(`sections[${main}].kind`, state.sections[main].confidence, `rows ${Math.round(state.sections[main].first_row)} to ${Math.round(state.sections[main].end_row)} may not be the main pass`);
  of("depth.unit", depth.unit);
  doubt("depth.ticks", depth.confidence, depth.why);
  of("depth.top", depth.top);
  of("depth.base", depth.base);
  for (const t of onTracks()) {
    const track = state.tracks[t], count = track.curve_count;
    doubt(`tracks[${t}].left`, track.edges_confidence, "its edges are not sure");
    of(`tracks[${t}].scale`, track.scale);
    if (count.value !== null && count.value !== track.curves.length) doubt(`tracks[${t}].curves`, 0.5, `${count.value} curves are drawn and ${track.curves.length} named`);
    track.curves.forEach((curve, c) => { for (const key of ["mnemonic", "unit", "style", "left", "right", "wrap"]) of(`tracks[${t}].curves[${c}].${key}`, curve[key]); });
  }
  return found;
}
/** All that is wrong, doubtful or jumps, in the manifest's order; of a field only the worst. */
const stops = remembered(() => {
  const errors = problems().map((one) => ({ ...one, kind: "error" }));
  const jumps = [...register().jumps].filter((tick) => !tick.hand).map((tick) => {
    const index = state.depth.ticks.indexOf(tick), off = register().off[register().ticks.indexOf(tick)];
    return { path: `depth.ticks[${index}]`, kind: "jump", why: `it lies ${short(Math.abs(off))} px ${off > 0 ? "below" : "above"} where its neighbours put it` };
  });
  const all = [...errors, ...jumps, ...doubts().map((one) => ({ ...one, kind: "doubt" }))], seen = new Set();
  const order = ["well", "sections", "depth", "tracks"], place = ({ path }) => order.indexOf(stepsOf(path)[0]);
  return all.filter(({ path }) => !seen.has(path) && seen.add(path)).map((stop, index) => ({ stop, index })).sort((a, b) => place(a.stop) - place(b.stop) || compare(a.stop.path, b.stop.path) || a.index - b.index).map(({ stop }) => stop);
});
const compare = (a, b) => a.startsWith("tracks") && b.startsWith("tracks") ? Number(stepsOf(a)[1] ?? -1) - Number(stepsOf(b)[1] ?? -1) : 0;
/** Say that a field is right as it is. */
function accept(path) {
  edit(null, (draft) => {
    const field = at(path, draft), steps = stepsOf(path), track = draft.tracks[steps[1]];
    if (path === "depth.ticks") draft.depth.confidence = 1;
    else if (path.startsWith("depth.ticks[")) Object.assign(draft.depth.ticks[steps[2]], { confidence: 1, hand: true });
    else if (steps[0] === "sections") draft.sections[steps[1]].confidence = 1;
    else if (isFound(field)) Object.assign(field, { confidence: 1, why: HAND });
    else if (steps[2] === "curves" && steps.length === 3) track.curve_count = sureOf(track.curves.length);
    else if (steps[0] === "tracks" && ["left", "right"].includes(steps[2])) track.edges_confidence = 1;
  });
}
