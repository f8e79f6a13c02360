"""Writes the outputs of the real Helm into the case files: update.py ENGINE [FILE ...]."""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
OUTPUTS = ("values", "error", "log")


def ask(engine, case):
    files = {"templates/empty.yaml": ""} | case["files"]
    request = {"files": files, "show": "values", "values_yaml": case.get("user", ""), "set": case.get("set", [])}
    engine.stdin.write(json.dumps(request).encode() + b"\n")
    engine.stdin.flush()
    return json.loads(engine.stdout.readline())


def update(engine, path):
    cases = json.loads(path.read_text())
    for case in cases:
        answer = ask(engine, case)
        for key in OUTPUTS:
            case.pop(key, None)
        if "error" in answer:
            case["error"] = answer["error"]
        else:
            case["values"] = answer.get("values") or {}
        if answer.get("log"):
            case["log"] = sorted({line.removeprefix("WARN ") for line in answer["log"]})
    path.write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")


def main():
    engine = subprocess.Popen([sys.argv[1], "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    paths = [pathlib.Path(name) for name in sys.argv[2:]] or sorted((HERE / "values").glob("*.json"))
    for path in paths:
        update(engine, path)


if __name__ == "__main__":
    main()
