// The submit panel: what to hand in on the left, how on the right.

const PART = 2 * 2 ** 20;

function render({ model, el }) {
  const view = `pq${Math.random().toString(36).slice(2, 10)}`;
  const root = ground(el, "pq-submit", "Hand documents in");
  const voice = voices(model);
  const { send, heard } = line(model, view, () => write(voice.alert, SILENT));
  const uploads = new Map();
  let form = null;
  let shown_tool = null;

  const files = tree({
    open: (place) => send({ ask: "folder", place }),
    pick: (place) => send({ ask: "pick", place }),
    picked: () => new Set(model.get("picks").filter((pick) => pick.kind !== "pattern").map((pick) => pick.name)),
  });
  const pattern = make("input", { type: "text", placeholder: "**/*.pdf", "aria-label": "Pattern", spellcheck: "false", class: "pq-grow",
    on: { keydown: (event) => { if (event.key === "Enter") look(); } } });
  const look_button = button("Look", look);
  const stop = button("Stop", () => send({ ask: "stop" }), { hidden: true });
  const add = button("Add these files", () => send({ ask: "pick", kind: "pattern" }), { hidden: true, class: "pq-button pq-main" });
  const found = make("div", { class: "pq-found", "aria-live": "polite" });
  const upload = make("input", { type: "file", multiple: true, class: "pq-hidden-input", id: `${view}-up`, on: { change: () => { take(upload.files); upload.value = ""; } } });
  const drop = make("label", { class: "pq-drop", for: `${view}-up` }, upload, make("span", {}, "Upload from this computer: drop files here, or click to choose"));
  const basket = make("ul", { class: "pq-basket", "aria-label": "Chosen to be handed in" });
  const total = make("div", { class: "pq-quiet" });
  const tool = make("select", { on: { change: show_tool } });
  const name = make("input", { type: "text", placeholder: "the tool and the time", maxlength: 200 });
  const priority = make("input", { type: "number", step: 1, value: 0 });
  const options = make("div");
  const tried = make("div", { class: "pq-tried" });
  const try_it = button("Try (dry run)", () => ask("rehearse"), { title: "Look at every file, hand none in" });
  const hand_in = button("Hand in", () => ask("submit"), { class: "pq-button pq-main" });

  root.append(
    make("div", { class: "pq-columns" },
      make("div", { class: "pq-column" },
        make("h4", {}, "Choose files"),
        make("div", { class: "pq-quiet" }, "in ", make("code", {}, model.get("root"))),
        files.node,
        make("div", { class: "pq-row-of" }, pattern, look_button, stop),
        found, add, drop),
      make("div", { class: "pq-column" },
        make("h4", {}, "To hand in"), basket, total,
        make("h4", {}, "How"),
        make("div", { class: "pq-fields" }, field("tool", tool), field("batch name", name), field("priority", priority, "Higher comes sooner.")),
        make("details", {}, make("summary", {}, "Options"), options),
        make("div", { class: "pq-row-of" }, hand_in, try_it), tried)),
    voice.alert, voice.status);

  // --- choosing -----------------------------------------------------------------------------------

  function look() {
    send({ ask: "preview", pattern: pattern.value });
  }

  function take(list) {
    for (const file of list) {
      const key = `${view}-${uploads.size}-${file.size}-${Math.random().toString(36).slice(2)}`;
      uploads.set(key, { file, sent: 0 });
      next(key);
    }
  }

  async function next(key) {
    const { file, sent } = uploads.get(key);
    const bytes = await file.slice(sent, sent + PART).arrayBuffer();
    uploads.get(key).sent = sent + bytes.byteLength;
    show_upload();
    try {
      model.send({ ask: "part", view, key, name: file.name, size: file.size }, undefined, [bytes]);
    } catch { write(voice.alert, SILENT); }
  }

  function show_upload() {
    const going = [...uploads.values()].filter((one) => one.sent < one.file.size);
    const words = drop.querySelector("span");
    write(words, going.length
      ? `Uploading ${things(going.length, "file")}: ${bulk(going.reduce((sum, one) => sum + one.sent, 0))} …`
      : "Upload from this computer: drop files here, or click to choose");
  }

  for (const event of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(event, (one) => {
      one.preventDefault();
      one.stopPropagation();
      drop.classList.toggle("pq-over", event === "dragover");
      if (event === "drop") take(one.dataTransfer.files);
    });
  }

  // --- asking -------------------------------------------------------------------------------------

  function ask(what) {
    let read;
    try {
      read = form.read();
    } catch (problem) {
      write(voice.alert, problem.message);
      return;
    }
    send({ ask: what, form: { tool: tool.value, options: read, priority: priority.value, name: name.value } });
  }

  function show_tool() {
    const chosen = model.get("tools").find((one) => one.name === tool.value);
    const now = JSON.stringify([chosen?.name, chosen?.schema]);
    if (now === shown_tool) return;
    shown_tool = now;
    form = form_of(chosen?.schema);
    options.replaceChildren(form.node);
  }

  // --- showing ------------------------------------------------------------------------------------

  function show_tools() {
    const before = tool.value;
    tool.replaceChildren(...model.get("tools").map((one) =>
      make("option", { value: one.name, disabled: one.state === "draining" }, one.state === "open" ? one.name : `${one.name} (${one.state})`)));
    const names = model.get("tools").map((one) => one.name);
    tool.value = names.includes(before) ? before : names.includes("parse") ? "parse" : names[0];
    show_tool();
  }

  function show_picks() {
    const picks = model.get("picks");
    basket.replaceChildren(...picks.map((pick) => make("li", {},
      make("span", { class: "pq-kind" }, pick.kind), make("span", { class: "pq-grow", title: pick.name }, pick.name),
      make("span", { class: "pq-quiet" }, pick.kind === "folder" ? "all in it" : `${pick.files > 1 ? `${count(pick.files)} files, ` : ""}${bulk(pick.size)}`),
      button("✕", () => send({ ask: "drop", key: pick.key }), { class: "pq-sign", "aria-label": `Take out ${pick.name}` }))));
    if (!picks.length) basket.append(make("li", { class: "pq-quiet" }, "nothing yet"));
    const number = picks.reduce((sum, pick) => sum + pick.files, 0);
    const folders = picks.filter((pick) => pick.kind === "folder").length;
    const parts = [number ? `${things(number, "file")}, ${bulk(picks.reduce((sum, pick) => sum + pick.size, 0))}` : "", folders ? things(folders, "folder") : ""];
    write(total, parts.filter(Boolean).join(" and "));
    write(hand_in, number && !folders ? `Hand in ${things(number, "file")}` : "Hand in");
    files.mark_all();
    told();
  }

  function show_preview() {
    const seen = model.get("preview");
    stop.hidden = !model.get("busy");
    add.hidden = !seen.files || seen.looking;
    if (seen.pattern === undefined) return;
    const kinds = seen.kinds.map(([kind, number]) => `${count(number)} ${kind}`).join(", ");
    const line = seen.files ? `${things(seen.files, "file")}, ${bulk(seen.size)} (${kinds})` : seen.looking ? "nothing so far" : "nothing matches";
    found.replaceChildren(make("strong", {}, `${line}${seen.looking ? " …" : ""}`),
      ...(seen.complete ? [] : [make("span", { class: "pq-quiet" }, " stopped: there may be more")]),
      ...(seen.files ? [make("div", { class: "pq-quiet" }, seen.names.join(", ") + (seen.files > seen.names.length ? " …" : ""))] : []));
    write(add, `Add ${things(seen.files, "file")}`);
  }

  function show_rehearsal() {
    const seen = model.get("rehearsal");
    tried.replaceChildren();
    if (!seen.line) return;
    const rows = (title, lines, more) => lines.length
      ? [make("div", { class: "pq-quiet" }, title), make("ul", {}, ...lines.map((one) => make("li", {}, one)), ...(more ? [make("li", { class: "pq-quiet" }, `and ${count(more)} more`)] : []))] : [];
    tried.append(make("strong", {}, seen.line), ...rows("By type", seen.kinds.map(([kind, number, size]) => `${kind}: ${things(number, "file")}, ${bulk(size)}`), 0),
      ...rows("Given twice, taken once", seen.duplicates.map(([one, same]) => `${one} is the same as ${same}`), seen.more_duplicates),
      ...rows("Would fail", seen.refused.map(([file, code, why]) => `${file}: ${code}: ${why}`), seen.more_refused));
  }

  function told() {
    voice.show();
    const busy = Boolean(model.get("busy"));
    stop.hidden = !busy;
    for (const one of [look_button, add, hand_in, try_it]) one.disabled = busy;
    if (!model.get("picks").length) for (const one of [hand_in, try_it]) one.disabled = true;
  }

  function hear(message) {
    heard();
    if (message.view !== view) return;
    if (voice.alert.textContent === SILENT) write(voice.alert, model.get("alert"));
    if (message.tell === "folder") files.take(message);
    else if (message.tell === "part" && uploads.has(message.key)) {
      if (message.got >= uploads.get(message.key).file.size) uploads.delete(message.key);
      else next(message.key);
      show_upload();
    }
  }

  const listeners = [["msg:custom", hear], ["change:tools", show_tools], ["change:picks", show_picks], ["change:preview", show_preview],
    ["change:rehearsal", show_rehearsal], ["change:alert change:said change:busy", told]];
  for (const [event, act] of listeners) model.on(event, act);
  show_tools();
  show_picks();
  show_preview();
  show_rehearsal();
  told();
  send({ ask: "folder", place: "" });
  return () => { for (const [event, act] of listeners) model.off(event, act); };
}

export default { render };
