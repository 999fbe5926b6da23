"""Made-up authors and journals."""

import random
from dataclasses import dataclass

FAMILY = (
    "Abe",
    "Almeida",
    "Andersson",
    "Bianchi",
    "Björk",
    "Chen",
    "Costa",
    "Dubois",
    "Eriksen",
    "Farouk",
    "Fernández",
    "García",
    "Gupta",
    "Haddad",
    "Hoffmann",
    "Ibrahim",
    "Ito",
    "Jansen",
    "Kaya",
    "Kim",
    "Kowalski",
    "Kumar",
    "Laurent",
    "Lee",
    "Li",
    "Liu",
    "López",
    "Mbeki",
    "Meyer",
    "Moreau",
    "Müller",
    "Nakamura",
    "Nguyen",
    "Novak",
    "O'Brien",
    "Okafor",
    "Olsen",
    "Patel",
    "Petrov",
    "Popescu",
    "Rao",
    "Rossi",
    "Sánchez",
    "Santos",
    "Schmidt",
    "Sharma",
    "Silva",
    "Singh",
    "Smith",
    "Suzuki",
    "Tan",
    "Tanaka",
    "Tran",
    "van der Berg",
    "Wang",
    "Weber",
    "Wu",
    "Yılmaz",
    "Zhang",
    "Zhao",
)
GIVEN = (
    "Ada",
    "Ahmed",
    "Aisha",
    "Akira",
    "Alice",
    "Amir",
    "Ana",
    "Anders",
    "Anna Maria",
    "Bo",
    "Carlos",
    "Chiara",
    "Chloé",
    "Daniel",
    "Elena",
    "Emre",
    "Fatima",
    "Felix",
    "Giorgia",
    "Hana",
    "Hui",
    "Ines",
    "Ivan",
    "James",
    "Jan",
    "Jing",
    "José",
    "Julia",
    "Kenji",
    "Lars",
    "Laura",
    "Lin",
    "Luca",
    "Maria",
    "Mei",
    "Mohammed",
    "Nadia",
    "Olga",
    "Omar",
    "Paul",
    "Priya",
    "Ravi",
    "Rosa",
    "Sara",
    "Sofía",
    "Thomas",
    "Tuan",
    "Wei",
    "Yuki",
    "Zoë",
)


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up author."""

    family: str
    given: str
    affiliation: str

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.given.replace("-", " ").split())


@dataclass(frozen=True, slots=True)
class Journal:
    """A made-up journal."""

    title: str
    short: str
    issn: str
    doi_prefix: str


JOURNALS = (
    Journal("Journal of Synthetic Radiology", "J Synth Radiol", "9990-0015", "10.5555/jsr"),
    Journal(
        "Imaging intelligence (Testville)", "Imaging Intell (Testv)", "9990-0023", "10.5555/ii"
    ),
    Journal("Annals of loopback medicine", "Ann Loopback Med", "9990-0031", "10.5555/alm"),
    Journal("Computers in made-up biology", "Comput Made Up Biol", "9990-004X", "10.5555/cmb"),
    Journal("Reports of invented science", "Rep Invent Sci", "9990-0058", "10.5555/s99999"),
    Journal("The stand-in journal of health", "Stand In J Health", "9990-0066", "10.5555/sijh"),
)


def people(rng: random.Random, place: str) -> tuple[Person, ...]:
    """One to nine authors."""
    hospital = f"Department of Radiology, University Hospital of {place}, {place}."
    return tuple(
        Person(rng.choice(FAMILY), rng.choice(GIVEN), hospital) for _ in range(rng.randint(1, 9))
    )
