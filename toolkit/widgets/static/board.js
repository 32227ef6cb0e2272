// The board of a batch: a bar, the states as filters, every job as a row, and what can be done.

const STATES = ["completed", "failed", "cancelled", "processing", "retrying", "queued"];
const STOPPABLE = ["queued", "processing", "retrying"];
const RETRYABLE = ["failed", "cancelled"];
const STALE = 10_000;

function render({ model, el }) {
  const view = `pq${Math.random().toString(36).slice(2, 10)}`;
  const name = model.get("name");
  const root = ground(el, `pq-board ${name}`, "Batch of jobs");
  const wanted = { status: [], text: "", sort: "number", descending: false };
  const voice = voices(model);
  let detailed = null;
  let fresh = performance.now();

  // The picture for readers without a kernel is not shown beside the live board.
  const hide = make("style", {}, `body:has(.${name}) .twin-${name}{display:none}`);
  const title = make("strong", { class: "pq-title" });
  const words = make("span");
  const at = make("span", { class: "pq-quiet pq-at" });
  const stale = make("strong", { class: "pq-stale", hidden: true },
    "out of date: nothing was heard since; run toolkit.open(…).board() again");
  const bar = make("div", { class: "pq-bar", role: "progressbar", "aria-label": "jobs that have ended", "aria-valuemin": 0 });
  const parts = Object.fromEntries(STATES.map((state) => [state, make("span", { "data-state": state })]));
  bar.append(...Object.values(parts));
  const chips = Object.fromEntries(STATES.map((state) => [state, chip(state)]));
  const whole = chip("");
  const cached = make("span", { class: "pq-quiet" });
  const search = make("input", {
    type: "search", placeholder: "Find in names and errors", "aria-label": "Find jobs by name or error",
    maxlength: 200, class: "pq-find", on: { input: later(() => show_only({ text: search.value }), 250) },
  });
  const again = button("Sort again", () => list.top() || ask_rows(0, 60, true), { hidden: true, class: "pq-button pq-again" });
  const tools = make("span", { class: "pq-tools" });
  const acts = {
    cancel: button("Cancel", () => act("cancel")),
    retry: button("Retry", () => act("retry")),
    priority: button("Priority …", () => act("priority")),
    purge: button("Erase …", () => act("purge")),
    inspect: button("Inspect", () => act("inspect")),
  };
  const asked = make("div");
  const why = make("div", { class: "pq-reasons" });
  const detail = make("section", { class: "pq-detail", "aria-label": "Job", hidden: true });

  const { send, heard } = line(model, view, () => write(voice.alert, SILENT));
  const list = grid(view, {
    ask: (start, number) => ask_rows(start, number),
    span: (first, last) => send({ ask: "span", first, last }),
    sorted(key) {
      const same = wanted.sort === key;
      if (same && wanted.descending) Object.assign(wanted, { sort: "number", descending: false });
      else Object.assign(wanted, { sort: key, descending: same });
      list.sort_by(wanted.sort, wanted.descending);
      list.top();
      ask_rows(0, 60, true);
    },
    picked: label,
    act: (verb, row) => act(verb, row),
    open(row) {
      if (row) send({ ask: "detail", id: row.id });
    },
  });

  root.append(
    hide,
    make("div", { class: "pq-head" }, title, words, at, stale),
    bar,
    make("div", { class: "pq-row-of", role: "group", "aria-label": "Show only" }, whole.node, ...Object.values(chips).map((one) => one.node), cached),
    make("div", { class: "pq-row-of", role: "toolbar", "aria-label": "What to do with jobs" }, ...Object.values(acts), tools, make("span", { class: "pq-push" }), again, search),
    asked, voice.alert, list.node, voice.status, detail, why,
  );

  function chip(state) {
    const number = make("span");
    const click = button("", () => show_only({ status: state && !wanted.status.includes(state) ? [state] : [] }), { class: "pq-button pq-chip", "aria-pressed": "false", "data-state": state });
    if (state) click.append(make("span", { class: "pq-dot", "aria-hidden": "true" }));
    click.append(number);
    return { node: click, number };
  }

  function later(act, wait) {
    let timer = null;
    return () => { clearTimeout(timer); timer = setTimeout(act, wait); };
  }

  function show_only(change) {
    Object.assign(wanted, change);
    list.clear();
    list.top();
    ask_rows(0, 60);
    show();
  }

  function ask_rows(start, number, afresh = false) {
    send({ ask: "rows", start, count: number, again: afresh, ...wanted });
  }

  // --- what is done -----------------------------------------------------------------------------

  /** How many of those that are shown can be moved; null where the kernel has to count. */
  function able(states) {
    if (wanted.text) return null;
    const counts = model.get("glance").counts ?? {};
    const shown = wanted.status.length ? wanted.status : STATES;
    return shown.filter((state) => states.includes(state)).reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  }

  function label() {
    const picked = list.some;
    const number = list.number;
    const names = { cancel: ["Cancel", STOPPABLE], retry: ["Retry", RETRYABLE] };
    for (const [verb, [said, states]] of Object.entries(names)) {
      const many = able(states);
      const of = picked ? `${count(number)} selected` : many === null ? "all shown" : many ? things(many, "job") : "";
      write(acts[verb], of ? `${said} ${of}` : said);
      acts[verb].disabled = Boolean(model.get("busy")) || (!picked && many === 0);
    }
    write(acts.purge, picked ? `Erase ${count(number)} selected …` : "Erase …");
    for (const verb of ["purge", "priority"]) acts[verb].disabled = Boolean(model.get("busy")) || !picked;
    acts.purge.title = picked ? "" : "Select jobs first";
    acts.priority.title = picked ? "" : "Select jobs first";
    acts.inspect.disabled = !picked && !list.row()?.can?.includes("inspect");
  }

  function act(verb, row = null) {
    const ids = row ? [row.id] : list.some ? list.ids : null;
    if (!row && acts[verb].disabled) return;
    const number = row ? 1 : list.some ? list.number : list.total;
    const which = row ? `“${row.file}”` : things(number, "job");
    if (verb === "inspect") {
      const one = ids?.length ? ids : list.row() ? [list.row().id] : [];
      if (one.length) send({ ask: "inspect", ids: one }, 30_000);
    } else if (verb === "purge") {
      question(asked, `Erase ${which} for good? File, result and name are gone; nobody can bring them back.`,
        () => send({ ask: "act", verb, ids }), { yes: `Erase ${row ? "it" : things(number, "job")}` });
    } else if (verb === "priority") {
      const input = make("input", { type: "number", step: 1, value: list.row()?.priority ?? 0, "aria-label": "Priority" });
      question(asked, `Priority of ${which} (higher comes sooner):`,
        (value) => send({ ask: "act", verb, ids, priority: Math.round(Number(value) || 0) }), { input, yes: "Set" });
    } else send({ ask: "act", verb, ids });
  }

  // --- what is shown ----------------------------------------------------------------------------

  function show() {
    const glance = model.get("glance");
    if (!glance.counts) return;
    fresh = performance.now();
    stale.hidden = true;
    write(title, glance.title);
    write(words, glance.line);
    write(at, `as of ${glance.at}`);
    bar.setAttribute("aria-valuemax", glance.total);
    bar.setAttribute("aria-valuenow", glance.ended);
    bar.setAttribute("aria-valuetext", glance.line);
    for (const state of STATES) {
      const number = glance.counts[state] ?? 0;
      parts[state].style.width = `${(100 * number) / Math.max(1, glance.total)}%`;
      write(chips[state].number, `${count(number)} ${state}`);
      chips[state].node.hidden = number === 0 && !wanted.status.includes(state);
      chips[state].node.setAttribute("aria-pressed", String(wanted.status.includes(state)));
    }
    write(whole.number, `all ${count(glance.total)}`);
    whole.node.setAttribute("aria-pressed", String(!wanted.status.length));
    write(cached, glance.cached ? `${count(glance.cached)} from the cache` : "");
    list.say_empty(glance.total ? "No job is like that." : "No jobs yet.");
    show_reasons(glance);
    label();
  }

  function show_reasons(glance) {
    const rows = glance.failures.map((one) => make("tr", {},
      make("td", { class: "pq-number" }, `${count(one.count)} ×`), make("td", {}, make("code", {}, one.code)), make("td", {}, one.words)));
    const said = JSON.stringify(glance.failures);
    if (why.dataset.said === said) return;
    why.dataset.said = said;
    why.replaceChildren();
    if (!rows.length) return;
    why.append(make("div", { class: "pq-quiet" }, "Why jobs failed"), make("table", {}, make("tbody", {}, ...rows)));
    if (glance.more_failures) why.append(make("div", { class: "pq-quiet" }, `and ${things(glance.more_failures, "other reason")}`));
  }

  function show_tools() {
    // Also when nothing waits: a pause that was forgotten is why nothing happens.
    const found = model.get("tools").filter((tool) => tool.waiting || tool.state !== "open");
    tools.replaceChildren(...found.map((tool) => {
      const verb = tool.state === "open" ? "pause" : "resume";
      const said = tool.state === "open" ? `Pause ${tool.name}` : `Resume ${tool.name} (${tool.state})`;
      return button(said, () => send({ ask: "tool", verb, tool: tool.name }), {
        class: tool.state === "open" ? "pq-button" : "pq-button pq-paused",
        title: `${tool.label}: in the whole queue, not in this batch alone`,
      });
    }));
  }

  function show_detail(told) {
    detailed = told.id;
    const leave = button("Close", () => { detail.hidden = true; detailed = null; list.focus(); });
    const pairs = told.pairs.flatMap(([key, value]) => [make("dt", {}, key), make("dd", {}, value)]);
    detail.replaceChildren(make("dl", {}, ...pairs), leave);
    detail.hidden = false;
  }

  function hear(message) {
    heard();
    if (message.tell === "heard" || message.view !== view) return;
    if (voice.alert.textContent === SILENT) write(voice.alert, model.get("alert"));
    if (message.tell === "rows") {
      list.take(message);
      again.hidden = !message.moved;
      label();
    } else if (message.tell === "span") list.choose(message.ids);
    else if (message.tell === "detail") show_detail(message);
  }

  const told = () => { voice.show(); label(); };
  const listeners = [["msg:custom", hear], ["change:glance", show], ["change:tools", show_tools],
    ["change:alert change:said change:busy", told]];
  for (const [event, act] of listeners) model.on(event, act);
  detail.addEventListener("keydown", (event) => { if (event.key === "Escape") detail.querySelector("button").click(); });
  const clock = setInterval(() => {
    stale.hidden = !(model.get("glance").active && performance.now() - fresh > STALE);
  }, 1000);
  show();
  show_tools();
  told();
  // The widget may be drawn before it stands in the page, and then it has no height yet.
  const drawn = new ResizeObserver(() => list.draw());
  drawn.observe(list.node);
  ask_rows(0, 60);
  return () => {
    clearInterval(clock);
    drawn.disconnect();
    list.stop();
    for (const [event, act] of listeners) model.off(event, act);
    try { model.send({ view, ask: "leave" }); } catch { /* the kernel has gone before us */ }
  };
}

export default { render };
