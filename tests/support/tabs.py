"""A tab of the app without a browser: signs in, opens pages, presses buttons, keeps responses.

Speaks Streamlit's own protocol (BackMsg out, ForwardMsg in) over the app's WebSocket, so that a
test sees every byte a reviewer's browser would receive, and a benchmark can press keys without the
cost of a browser.
"""

import http.client
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect


def session_cookie(address: str, name: str, password: str) -> str:
    """Signs in through the form and returns the Cookie header of the session."""
    place = urllib.parse.urlsplit(address)
    conn = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=60)
    given = urllib.parse.urlencode({"name": name, "password": password})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    conn.request("POST", "/signin", given, form)
    answer = conn.getresponse()
    cookie = answer.getheader("Set-Cookie")
    conn.close()
    assert answer.status == 303 and cookie, f"{name} cannot sign in ({answer.status})"
    return cookie.split(";")[0]


class Tab:
    """An open tab: the WebSocket, the current page, and the messages received."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.page_hash = ""
        self.query = ""
        self.widgets: dict[str, WidgetState] = {}
        self.buttons: dict[str, str] = {}
        """Label -> widget id, of the newest run."""
        self.sent: list[bytes] = []
        """Every message of the server, as it came."""
        self.run: list[ForwardMsg] = []
        """The messages of the newest run."""

    def open(self, page: str, query: str = "") -> None:
        """Opens a page of the app by its address, as a browser does."""
        self.query = query
        self._ask(ClientState(page_name=page, query_string=query))

    def press(self, label: str) -> None:
        """Presses a button by its label. Raises KeyError if the page has no such button."""
        self._ask(self._state([WidgetState(id=self.buttons[label], trigger_value=True)]))

    def again(self) -> None:
        """Runs the page again without a key press."""
        self._ask(self._state([]))

    def text(self) -> str:
        """All text of the latest run."""
        return "\n".join(str(one) for one in self.run)

    def _state(self, pressed: list[WidgetState]) -> ClientState:
        state = ClientState(page_script_hash=self.page_hash, query_string=self.query)
        state.widget_states.widgets.extend([*self.widgets.values(), *pressed])
        return state

    def _ask(self, state: ClientState) -> None:
        message = BackMsg()
        message.rerun_script.CopyFrom(state)
        self.socket.send(message.SerializeToString())
        self.run = list(self._answer())

    def _answer(self) -> Iterator[ForwardMsg]:
        """Messages until the run is over; a run interrupted by another does not count as the
        end."""
        fresh: dict[str, str] = {}
        while True:
            data = self.socket.recv(timeout=120)
            assert isinstance(data, bytes)
            self.sent.append(data)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.page_hash = message.new_session.page_script_hash or self.page_hash
            elif kind == "navigation":
                self.page_hash = message.navigation.page_script_hash or self.page_hash
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "button":
                button = message.delta.new_element.button
                fresh[button.label] = button.id
            yield message
            if kind == "script_finished" and message.script_finished != (
                ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                self.buttons = fresh
                return


@contextmanager
def tab(
    address: str, cookie: str, *, path: str = "", headers: dict[str, str] | None = None
) -> Iterator[Tab]:
    """A tab of a signed-in user.

    Args:
        path: the review's path in a home, such as /r/name.
        headers: what else the browser sends.
    """
    place = urllib.parse.urlsplit(address)
    url = f"ws://{place.netloc}{path}/_stcore/stream"
    with connect(
        url,
        additional_headers={"Cookie": cookie, **(headers or {})},
        subprotocols=["streamlit"],
        max_size=None,
        open_timeout=60,
    ) as socket:
        yield Tab(socket)
