// The export panel: which batches, which blocks of them, and into which files.

function render({ model, el }) {
  const view = `pq${Math.random().toString(36).slice(2, 10)}`;
  const root = ground(el, "pq-export", "Look through results, and export them");
  const voice = voices(model);
  const { send, heard } = line(model, view, () => write(voice.alert, SILENT));
  let timer = null;

  const batches = make("div", { class: "pq-list", role: "group", "aria-label": "Batches" });
  const types = choices(model.get("types"), "Types of blocks", false);
  const sources = choices(model.get("sources"), "Where their text comes from", false);
  const formats = choices(model.get("formats"), "Formats", ["parquet", "markdown"]);
  const sure = make("input", { type: "range", min: 0, max: 1, step: 0.05, value: 0, "aria-label": "Least confidence", on: { input: () => { write(sure_words, Number(sure.value).toFixed(2)); soon(); } } });
  const reviewed = make("input", { type: "checkbox", on: { change: soon } });
  const sure_words = make("span", { class: "pq-quiet" }, "0.00");
  const out = make("input", { type: "text", value: "exports", spellcheck: "false", "aria-label": "Folder to write into", on: { change: soon } });
  const line_of = make("strong", { class: "pq-line-of", "aria-live": "polite" });
  const counts = make("div", { class: "pq-counts" });
  const table = make("div", { class: "pq-table", tabindex: 0, role: "region", "aria-label": "The first blocks that match" });
  const code = make("pre", { class: "pq-code", "aria-label": "The same in Python" });
  const size = make("span", { class: "pq-quiet" });
  const go = button("Write files", () => send({ ask: "export", form: form() }), { class: "pq-button pq-main" });
  const stop = button("Stop", () => send({ ask: "stop" }), { hidden: true });
  const refresh = button("Look again", () => { send({ ask: "batches" }); look(); });
  const bar = make("div", { class: "pq-progress", role: "progressbar", "aria-label": "Written", "aria-valuemin": 0, "aria-valuemax": 100, hidden: true }, make("span"));
  const far = make("span", { class: "pq-quiet" });

  root.append(
    make("div", { class: "pq-sides" },
      make("div", { class: "pq-side" },
        make("h4", {}, "Batches"), batches,
        make("h4", {}, "Only blocks of type"), types.node,
        make("h4", {}, "whose text is"), sources.node,
        make("h4", {}, "and of confidence at least"), make("div", { class: "pq-row-of" }, sure, sure_words),
        make("label", { class: "pq-row-of" }, reviewed, make("span", {}, "as people have corrected them"))),
      make("div", { class: "pq-main-side" },
        make("div", { class: "pq-row-of" }, line_of, make("span", { class: "pq-push" }), refresh),
        counts, table, make("details", {}, make("summary", {}, "The same in Python"), code))),
    make("div", { class: "pq-out" },
      make("h4", {}, "Write"), formats.node,
      make("div", { class: "pq-row-of" }, make("span", {}, "into the folder"), out, go, stop, size), bar, far),
    voice.alert, voice.status);

  function choices(names, label, ticked) {
    const boxes = names.map((name) => {
      const box = make("input", { type: "checkbox", value: name, on: { change: soon } });
      box.checked = Array.isArray(ticked) && ticked.includes(name);
      return { name, box, number: make("span", { class: "pq-quiet" }) };
    });
    const node = make("div", { class: "pq-choices", role: "group", "aria-label": label },
      ...boxes.map(({ name, box, number }) => make("label", {}, box, make("span", {}, name.replaceAll("_", " ")), number)));
    return { node, boxes, get chosen() { return boxes.filter(({ box }) => box.checked).map(({ name }) => name); } };
  }

  function chosen_batches() {
    return [...batches.querySelectorAll("input:checked")].map((box) => box.value);
  }

  function form() {
    return {
      batches: chosen_batches(), types: types.chosen, text_sources: sources.chosen,
      min_confidence: Number(sure.value), reviewed: reviewed.checked, formats: formats.chosen, out: out.value,
    };
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(look, 350);
  }

  function look() {
    if (!chosen_batches().length) {
      write(line_of, "Choose a batch.");
      return;
    }
    if (model.get("busy")) soon();
    else send({ ask: "look", form: form() });
  }

  function show_batches() {
    const before = batches.childElementCount ? chosen_batches() : model.get("chosen");
    batches.replaceChildren(...model.get("batches").map((one) => {
      const box = make("input", { type: "checkbox", value: one.id, on: { change: soon } });
      box.checked = before.includes(one.id);
      const state = `${count(one.completed)} of ${things(one.jobs, "job")}${one.active ? `, ${count(one.active)} not done` : ""}`;
      return make("label", { title: one.name }, box, make("span", { class: "pq-grow" }, one.name, make("br"), make("span", { class: "pq-quiet" }, state)));
    }));
    if (!batches.childElementCount) batches.append(make("div", { class: "pq-quiet" }, "No batch yet: hand something in first."));
  }

  function number_on(boxes, pairs) {
    const found = Object.fromEntries(pairs);
    for (const { name, number, box } of boxes) {
      write(number, found[name] ? count(found[name]) : "");
      box.parentElement.classList.toggle("pq-none", !found[name] && !box.checked);
    }
  }

  function show_seen() {
    const seen = model.get("seen");
    if (seen.documents === undefined) return;
    const part = seen.counted < seen.documents ? ` (counted in the first ${count(seen.counted)})` : "";
    write(line_of, `${things(seen.matching, "block")} of ${count(seen.blocks)} in ${things(seen.documents, "document")}${part}`);
    number_on(types.boxes, seen.types);
    number_on(sources.boxes, seen.sources);
    const head = ["file", "page", "type", "source", "sure", "text"].map((name) => make("th", { scope: "col" }, name));
    const rows = seen.rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell))));
    table.replaceChildren(rows.length
      ? make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))
      : make("div", { class: "pq-quiet pq-note" }, seen.documents ? "No block is like that." : "No job of these has completed with a document."));
    write(code, seen.code ?? "");
    const sizes = Object.entries(seen.sizes ?? {});
    write(size, sizes.length ? `about ${bulk(sizes.reduce((sum, [, one]) => sum + one, 0))} (${sizes.map(([name, one]) => `${name} ${bulk(one)}`).join(", ")})` : "");
  }

  function show_done() {
    const { share, line } = model.get("done");
    bar.hidden = share === undefined;
    bar.setAttribute("aria-valuenow", Math.round((share ?? 0) * 100));
    bar.firstElementChild.style.width = `${(share ?? 0) * 100}%`;
    write(far, line ?? "");
  }

  function told() {
    voice.show();
    const busy = Boolean(model.get("busy"));
    stop.hidden = !busy;
    go.disabled = busy;
  }

  const hear = () => {
    heard();
    if (voice.alert.textContent === SILENT) write(voice.alert, model.get("alert"));
  };
  const listeners = [["msg:custom", hear], ["change:batches", show_batches], ["change:seen", show_seen], ["change:done", show_done],
    ["change:alert change:said change:busy", told]];
  for (const [event, act] of listeners) model.on(event, act);
  show_batches();
  show_seen();
  show_done();
  told();
  look();
  return () => {
    clearTimeout(timer);
    for (const [event, act] of listeners) model.off(event, act);
  };
}

export default { render };
