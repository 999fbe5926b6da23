"""A person's account on the server of a home: their name and address, changed by themselves."""

from review.errors import ReviewError
from review.store import accounts as account_rows
from review.store import homes
from review.store.homes import HomePerson
from review.store.timestamps import utc_now
from review.workflow.project import sign_in_limits
from review.workflow.project.account_fields import check_email, check_names
from review.workflow.project.home import Home

UNKNOWN = "This account is no longer on the server."


def get_person(home: Home, name: str) -> HomePerson:
    """Somebody's entry among the server's people. Raises ReviewError: they have none."""
    with home.store.read() as conn:
        person = homes.find_person(conn, name)
    if person is None:
        raise ReviewError(UNKNOWN)
    return person


def has_password(home: Home, name: str) -> bool:
    """Whether somebody signs in with a password here, and not through their institution alone."""
    with home.store.read() as conn:
        return account_rows.get_password_hash(conn, name) is not None


def change_details(home: Home, name: str, full_name: str, email: str, password: str) -> None:
    """A person's own full name and e-mail address, changed on the server.

    The plans of their reviews keep the name they had there. Their password is asked for, because
    links for a new one go to the address.

    Raises:
        ReviewError: a wrong password, or a name or address that does not do or is another's.
    """
    full_name, address = " ".join(full_name.split()), check_email(email)
    check_names(name, full_name)
    if has_password(home, name):
        sign_in_limits.check_own_password(home, name, password)
    with home.store.write() as conn:
        person = homes.find_person(conn, name)
        if person is None:
            raise ReviewError(UNKNOWN)
        for other in homes.list_people(conn):
            is_taken = address and other.email and other.email.casefold() == address.casefold()
            if is_taken and other.name != name:
                raise ReviewError(f"Somebody on this server has the address {address} already.")
        homes.add_person(
            conn,
            name,
            full_name,
            address,
            administrator=person.administrator,
            who=person.made_by,
            at=utc_now(),
        )
