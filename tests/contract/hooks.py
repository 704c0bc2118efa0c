"""Keeps the run from doing away with itself: the user whose token it holds must stay as it is."""

import schemathesis

ITSELF = "admin"


@schemathesis.hook
def filter_path_parameters(context, path_parameters):
    """Ending its sessions, resetting its password, taking its roles away: all of them would end the run."""
    changes = context.operation is not None and context.operation.method.upper() != "GET"
    return not (changes and (path_parameters or {}).get("name") == ITSELF)
