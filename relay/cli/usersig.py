"""`relay usersig`: a login to the chat, to try a client with."""

from __future__ import annotations

from relay import ids
from relay.app import create_im
from relay.cli.as_json import in_json
from relay.errors import BadRequest
from relay.im import TIMEOUT
from relay.retry import Patience
from relay.routes.bodies import agent, end_user
from relay.routes.usersig import login
from relay.settings import Settings
from relay.transport import Http


def usersig(settings: Settings, name: str, *, as_json: bool) -> int:
    """Print it, of an end user or of an agent by his Salesforce User id; the exit code. Raises BadRequest."""
    is_user = name.startswith(ids.USER) and len(name) in (15, 18)
    user_id = agent(name) if is_user else end_user(name)
    im = create_im(settings, Http(timeout=TIMEOUT), Patience())
    if im.is_admin(user_id):
        raise BadRequest("An administrator's login is given to nobody", title="Invalid user id")
    answer = login(im, user_id)
    print(in_json(answer) if as_json else answer["userSig"])
    return 0
