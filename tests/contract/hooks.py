"""What the run needs to know: whom it must leave as it is, since that one holds its token, and how sounds are sent."""

import schemathesis

ITSELF = "admin"


@schemathesis.hook
def filter_path_parameters(context, path_parameters):
    """Ending its sessions, resetting its password, taking its roles away: all of them would end the run."""
    changes = context.operation is not None and context.operation.method.upper() != "GET"
    return not (changes and (path_parameters or {}).get("name") == ITSELF)


@schemathesis.serializer(
    "audio/wav", "audio/x-wav", "audio/vnd.wave", "audio/mpeg", "audio/ogg", "application/ogg"
)
def sound(context, value):
    """Made-up sounds are bytes as they are, or whatever was made up in their place."""
    return value if isinstance(value, bytes) else str(value).encode()
