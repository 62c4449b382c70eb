"""A program called `tensorflow_model_server` that answers each request with what its export carries."""

import stat
import sys
from pathlib import Path

_PROGRAM = """#!{python}
import http.server, json, os, re, signal, sys, time

flags = dict(argument.lstrip("-").split("=", 1) for argument in sys.argv[1:])
mode = os.environ.get("FAKE_MODE", "")
print("flags:", json.dumps(flags), flush=True)
if mode == "dies":
    sys.exit("Failed to start server. Error: no such thing")
if mode == "never":
    time.sleep(600)
if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
text = open(flags["model_config_file"]).read()
models = {{}}
for block in text.split("  config {{")[1:]:
    name, base = re.search('name: "(.*)"', block)[1], re.search('base_path: "(.*)"', block)[1]
    models[name] = base, re.findall(r"versions: (\\d+)", block)
asked = {{}}


class Handler(http.server.BaseHTTPRequestHandler):
    def reply(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        name = self.path.rsplit("/", 1)[1]
        asked[name] = asked.get(name, 0) + 1
        state, status = "LOADING" if asked[name] < 3 else "AVAILABLE", {{"error_code": "OK", "error_message": ""}}
        if mode == "broken":
            state, status = "END", {{"error_code": "NOT_FOUND", "error_message": "Op type not registered 'Odd'"}}
        states = [{{"version": version, "state": state, "status": status}} for version in models[name][1]]
        self.reply(200, {{"model_version_status": states}})

    def do_POST(self):
        name, version = re.fullmatch("/v1/models/(.*)/versions/(.*):predict", self.path).groups()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print("asked:", name, version, sorted(body), flush=True)
        if mode == "refuses":
            return self.reply(400, {{"error": "Task size 200 is larger"}})
        path = os.path.join(models[name][0], version, "assets.extra", "reference.json")
        request = json.load(open(path))["signatures"][body["signature_name"]][0]
        assert body["inputs"] == {{key: value["values"] for key, value in request["inputs"].items()}}
        outputs = {{key: value["values"] for key, value in request["outputs"].items()}}
        if mode == "differs":
            outputs["label"][0] = "odd"
        self.reply(200, {{"outputs": outputs if len(outputs) > 1 else next(iter(outputs.values()))}})

    def log_message(self, *arguments):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(flags["rest_api_port"])), Handler).serve_forever()
"""


def install_fake_model_server(folder: Path, monkeypatch, mode: str = "") -> None:
    """Puts the program alone on the PATH; `mode` says what it does wrong."""
    folder.mkdir()
    program = folder / "tensorflow_model_server"
    program.write_text(_PROGRAM.format(python=sys.executable), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("FAKE_MODE", mode)


def copy_export(export: Path, folder: Path, versions=(1,)) -> Path:
    """Copies what a server's files are made from, an export without its weights, as these versions of `folder`."""
    for version in versions:
        target = folder / str(version)
        (target / "assets.extra").mkdir(parents=True)
        for name in ("saved_model.pb", "assets.extra/reference.json"):
            (target / name).write_bytes((export / name).read_bytes())
    return folder
