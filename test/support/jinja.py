"""Renders templates with the real Jinja2: a JSON list on standard input, a JSON list on standard output."""

import json
import sys

from jinja2.sandbox import SandboxedEnvironment

environment = SandboxedEnvironment()


def render(template, variables):
    try:
        return {"text": environment.from_string(template).render(variables)}
    except Exception as error:  # what fails here has to fail there
        return {"error": f"{type(error).__name__}: {error}"}


sys.setrecursionlimit(2000)
jobs = json.load(sys.stdin)
json.dump([render(job["template"], job["variables"]) for job in jobs], sys.stdout)
