"""What scripts/check-api keeps its client from: taking away its own credentials, after which all answers would be 401."""

import schemathesis

OWN = {"account": "admin", "token": "check-api"}


@schemathesis.hook
def before_call(context, case, kwargs):
    parameters = case.path_parameters or {}
    for name, value in OWN.items():
        if case.method in ("PATCH", "PUT", "DELETE") and parameters.get(name) == value:
            parameters[name] = "nobody"
