// -- The manifest's rules, in plain words: one problem a field. Types, patterns and bounds come from its schema. ------------------------
/** What a manifest breaks, each with its key's path there. */
function problemsOf(manifest) {
  const found = [], say = (path, why) => { found.push({ path, why }); };
  checkBy(rules.schema, manifest, "", say);
  if (found.length) return found; // of what is not even a number nothing more can be said
  const { well, depth } = manifest;
  if (!well.uwi && !well.api) say("well.api", "neither UWI nor API number is given; give one of them");
  if (manifest.source && manifest.pages) say("source", "both source and pages are given");
  checkDepth(depth, say);
  const seen = new Map();
  manifest.tracks.forEach((track, t) => {
    checkTrack(track, `tracks[${t}]`, depth, say);
    track.curves.forEach(({ mnemonic }, c) => {
      const key = mnemonic.toUpperCase(), path = `tracks[${t}].curves[${c}].mnemonic`;
      if (key === "DEPT" || key === "DEPTH") say(path, `${mnemonic} is the name of the index; give another one`);
      else if (seen.has(key)) say(path, `${mnemonic} is also in ${seen.get(key)}; give each curve its own name`);
      else seen.set(key, track.name);
    });
  });
  return found;
}

function checkDepth({ ticks, step, top, base }, say) {
  const index = ticks.findIndex(([row, depth], i) => i > 0 && !(row > ticks[i - 1][0] && depth > ticks[i - 1][1]));
  if (index > 0) return say(`depth.ticks[${index}]`, `${ticks[index][1]} at row ${short(ticks[index][0])} comes after ${ticks[index - 1][1]} at row ${short(ticks[index - 1][0])}; rows and depths must both increase`);
  const ends = { top: top ?? ticks[0][1], base: base ?? ticks.at(-1)[1] }, [rows, depths] = [0, 1].map((part) => ticks.map((tick) => tick[part]));
  if (ends.base <= ends.top) return say("depth.base", `${ends.base} does not lie below the top, ${ends.top}`);
  if ((ends.base - ends.top) / step > rules.las_rows) return say("depth.step", `a step of ${step} would make over ${rules.las_rows} LAS rows; give a larger one`);
  for (const [key, end] of Object.entries(ends)) {
    const row = along(end, depths, rows, true);
    if (!(row >= -0.5 && row <= given.rows - 0.5)) say(`depth.${key}`, `${end} would be row ${Math.round(row)}, which the scan does not have`);
  }
}

function checkTrack(track, path, { ticks, top, base }, say) {
  if (track.curves.length > 2) say(`${path}.curves`, `${track.curves.length} curves; one or two of a track can be told apart today: remove the others, or do not digitise this track`);
  const edges = [track.left, track.right].map((edge) => Array.isArray(edge) ? edge : [[0, edge]]);
  for (const [edge, key] of [[edges[0], "left"], [edges[1], "right"]]) {
    if (!edge.length) return say(`${path}.${key}`, "the edge has no points");
    const index = edge.findIndex(([row], i) => i > 0 && !(row > edge[i - 1][0]));
    if (index > 0) return say(`${path}.${key}`, `row ${short(edge[index][0])} comes after ${short(edge[index - 1][0])}; rows of an edge must increase`);
  }
  const corners = edges.flat().map(([row]) => row), [rows, depths] = [0, 1].map((part) => ticks.map((tick) => tick[part]));
  const apart = (row) => columnAt(edges[1], row) - columnAt(edges[0], row);
  const crossed = [0, ...corners].find((row) => apart(row) < 1);
  if (crossed !== undefined) return say(`${path}.left`, `the edges cross at row ${Math.round(crossed)}; the right one must lie right of the left one`);
  for (const [edge, key] of [[edges[0], "left"], [edges[1], "right"]]) {
    const outside = edge.find(([, column]) => column < -1 || column > given.width_px);
    if (outside) say(`${path}.${key}`, `column ${short(outside[1])} lies outside the scan`);
  }
  const [from, to] = [top ?? depths[0], base ?? depths.at(-1)].map((depth) => along(depth, depths, rows, true)), [narrowest, widest] = rules.track_widths;
  const width = [from, to, ...corners.filter((row) => row > from && row < to)].map(apart).find((one) => !(one >= narrowest && one <= widest));
  if (width !== undefined && from < to) say(`${path}.left`, `the track is ${short(width)} px wide, not ${narrowest} to ${widest}`);
  track.curves.forEach(({ left, right }, c) => {
    if (left === right) say(`${path}.curves[${c}].right`, `left and right are both ${left}; give the values at the two edges`);
    else if (track.scale === "log" && !(left > 0 && right > 0)) say(`${path}.curves[${c}].${left > 0 ? "right" : "left"}`, `${left} to ${right} on a log track; both must be positive`);
  });
}

/** What of a value breaks its node of the schema. */
function checkBy(node, value, path, say) {
  const { description = "" } = node, wanted = description.split(/[:;] /)[0];
  if (node.$ref) return checkBy(rules.schema.$defs[node.$ref.split("/").at(-1)], value, path, say);
  if (node.anyOf) return checkBy({ description, ...(node.anyOf.find((one) => one.type === typeOf(value)) ?? node.anyOf[0]) }, value, path, say);
  const allowed = node.enum ?? ("const" in node ? [node.const] : null);
  if (allowed && !allowed.includes(value)) return say(path, value === undefined ? `not given: ${allowed.join(" or ")}` : `${JSON.stringify(value)} is not ${allowed.join(" or ")}`);
  if (node.type === "object") {
    for (const key of node.required ?? []) if (value?.[key] === undefined) say(join(path, key), `not given: ${node.properties[key].description ?? key}`);
    for (const [key, part] of Object.entries(value ?? {})) {
      if (node.properties[key]) checkBy(node.properties[key], part, join(path, key), say);
      else say(join(path, key), "an unknown key");
    }
  } else if (node.type === "array") {
    if (!Array.isArray(value)) return say(path, `not a list: ${wanted}`);
    if (value.length < (node.minItems ?? 0)) return say(path, value.length ? `only ${value.length}; ${wanted}` : `there is none; ${wanted}`);
    if (value.length > (node.maxItems ?? Infinity)) return say(path, `${value.length} are too many; ${wanted}`);
    value.forEach((item, index) => { const part = node.prefixItems?.[index] ?? node.items; if (part) checkBy(part, item, `${path}[${index}]`, say); });
  } else if (node.type === "number" || node.type === "integer") {
    if (!Number.isFinite(value)) return say(path, `not a number: ${wanted}`);
    if (value <= (node.exclusiveMinimum ?? -Infinity)) say(path, `${value} must be above ${node.exclusiveMinimum}`);
  } else if (node.type === "string") {
    if (typeof value !== "string") return say(path, `not text: ${wanted}`);
    if (value.length < (node.minLength ?? 0)) say(path, `not given: ${wanted}`);
    else if (value.length > (node.maxLength ?? Infinity)) say(path, `longer than ${node.maxLength} characters`);
    else if (node.pattern && !new RegExp(node.pattern, "u").test(value)) say(path, `“${value}” will not do: ${description}`);
  } else if (node.type === "boolean" && typeof value !== "boolean") say(path, "neither yes nor no");
}
const typeOf = (value) => value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
const join = (path, key) => path ? `${path}.${key}` : key;

/** The same of the draft as it stands, by the paths of its own fields. */
const problems = remembered(() => {
  const on = onTracks(), { ticks } = register();
  return problemsOf(manifestOf()).map(({ path, why }) => ({
    why,
    path: path.replace(/^tracks\[(\d+)\]/, (_, t) => `tracks[${on[t]}]`).replace(/^depth\.ticks\[(\d+)\].*/, (_, i) => `depth.ticks[${state.depth.ticks.indexOf(ticks[i])}]`),
  }));
});
