"""A real JupyterLab, driven in headless Chromium; everything stays on the loopback."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
]

# No news, no update checks, and every output in the page, also those that are scrolled away.
SETTINGS: dict[str, dict[str, Any]] = {
    "@jupyterlab/apputils-extension:notification": {
        "checkForUpdates": False,
        "fetchNews": "false",
        "doNotDisturbMode": True,
    },
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Lab:
    """One ``jupyter lab`` on the loopback, with all of its state in a temporary folder."""

    def __init__(self, root: Path, *, theme: str | None = None) -> None:
        self.root = root
        self.state = Path(tempfile.mkdtemp(prefix="lab-"))
        self.token, self.port = secrets.token_hex(16), _free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        settings = dict(SETTINGS)
        if theme is not None:
            settings["@jupyterlab/apputils-extension:themes"] = {"theme": theme}
        self._write_settings(settings)
        self.log = self.state / "lab.log"
        self.process = self._start()
        self._wait_until_it_answers()

    def _write_settings(self, settings: dict[str, dict[str, Any]]) -> None:
        for plugin, values in settings.items():
            package, name = plugin.split(":")
            place = self.state / "settings" / package / f"{name}.jupyterlab-settings"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(values))

    def _start(self) -> subprocess.Popen[bytes]:
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY_"))}
        folders = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "share",
            "JUPYTER_RUNTIME_DIR": "run",
            "IPYTHONDIR": "ipython",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        }
        environ |= {name: str(self.state / folder) for name, folder in folders.items()}
        environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        command += [
            f"--ServerApp.root_dir={self.root}",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={self.token}",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
            "--LabApp.news_url=",
        ]
        with self.log.open("w") as log:
            return subprocess.Popen(
                command, env=environ, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + 90
        while True:
            try:
                self.ask("/api/status")
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    log = self.log.read_text()
                    self.close()
                    raise RuntimeError("jupyter lab did not start\n" + log[-4000:]) from None
                time.sleep(0.1)
            else:
                return

    def ask(self, path: str, method: str = "GET") -> bytes:
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.address + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            content: bytes = answer.read()
        return content

    def stop_kernels(self) -> None:
        for session in json.loads(self.ask("/api/sessions")):
            with contextlib.suppress(OSError):
                self.ask(f"/api/sessions/{session['id']}", "DELETE")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)  # the server then ends its kernels
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.state, ignore_errors=True)


class NotebookPage:
    """A notebook in a browser page: its outputs, its kernel, and what went wrong in it."""

    def __init__(self, page: Any, lab: Lab, name: str) -> None:
        self.page, self.lab = page, lab
        self.errors: list[str] = []
        self.outside: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._hear)
        page.on("request", self._see)
        page.goto(
            f"{lab.address}/doc/tree/{name}?token={lab.token}&reset", wait_until="domcontentloaded"
        )
        page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.sessionContext", timeout=60_000
        )
        # The idle indicator says "idle" before there is a session, and a run then asks for one.
        page.evaluate(
            """async () => { const nb = window.jupyterapp.shell.currentWidget;
            await nb.context.ready; await nb.sessionContext.ready;
            await nb.sessionContext.session.kernel.info; }"""
        )

    def _hear(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _see(self, request: Any) -> None:
        ours = (self.lab.address, self.lab.address.replace("http", "ws"), "data:", "blob:")
        if not request.url.startswith(ours):
            self.outside.append(request.url)

    @property
    def outputs(self) -> Any:
        """The outputs of cells; their sources hold the same words, and are not meant."""
        return self.page.locator(".jp-OutputArea-output")

    def run_all(self, timeout_s: float = 180) -> None:
        self.page.set_default_timeout(timeout_s * 1000)
        self.command("notebook:run-all-cells")
        self.page.set_default_timeout(30_000)

    def command(self, name: str) -> None:
        self.page.evaluate(
            "async name => { await window.jupyterapp.commands.execute(name); }", name
        )

    def execute(self, code: str) -> str:
        """Run *code* in the page's kernel, not as a cell; returns what it printed."""
        printed: str = self.page.evaluate(
            """async code => {
            const k = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const f = k.requestExecute({code, store_history: false}); let out = '';
            f.onIOPub = m => { if (m.header.msg_type === 'stream') out += m.content.text;
              if (m.header.msg_type === 'error') out += 'ERR ' + m.content.traceback.join('\\n'); };
            await f.done; return out; }""",
            code,
        )
        return printed

    def run_first(self, code_cells: int) -> None:
        """Run the first code cells, and wait for them."""
        self.page.evaluate(
            """async number => {
            const {content} = window.jupyterapp.shell.currentWidget;
            const code = content.widgets.filter(cell => cell.model.type === 'code');
            for (const cell of code.slice(0, number)) {
                content.activeCellIndex = content.widgets.indexOf(cell);
                await window.jupyterapp.commands.execute('notebook:run-cell');
            } }""",
            code_cells,
        )

    def append_and_run(self, source: str) -> None:
        """Add a cell at the end, and run it."""
        self.page.evaluate(
            """async source => {
            const {content} = window.jupyterapp.shell.currentWidget;
            const cells = content.model.sharedModel;
            cells.insertCell(cells.cells.length, {cell_type: 'code', source});
            content.activeCellIndex = cells.cells.length - 1; }""",
            source,
        )
        self.command("notebook:run-cell")

    def restart_kernel(self) -> None:
        """Kill the kernel and start another one, as a person does who has lost patience."""
        self.page.evaluate(
            """async () => { const nb = window.jupyterapp.shell.currentWidget;
            await nb.sessionContext.session.kernel.restart();
            await nb.sessionContext.session.kernel.info; }"""
        )

    def cell_errors(self) -> list[str]:
        kinds = ("error", "stderr")
        places = [
            f".jp-RenderedText[data-mime-type='application/vnd.jupyter.{kind}']" for kind in kinds
        ]
        found: list[str] = self.page.locator(", ".join(places)).all_inner_texts()
        return found
