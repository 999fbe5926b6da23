"""Known words for a stem, for sources without truncation.

The list covers imaging, machine learning, study design, the chest and COVID-19. Other stems are
searched with the most common English endings.
"""

import bisect
from functools import lru_cache

from review.query.ast import Term, split_term
from review.query.tokens import extract_words

# Each line has a stem and its endings; - is the stem itself.
_STEM_LINES = """
abnormal - ity ities ly
accura cy cies te tely
acqui red ring sition sitions
adenocarcinoma - s
advers arial arially e ely
age - d s ing
algorithm - s ic ically
angiogra m ms phy phic phies
annotat e ed es ing ion ions or ors
arter y ies ial iography
artificial - ly
assess - ed es ing ment ments
attenti on onal ve
augment - ed ing ation ations s
auto mate mated matic matically mation encoder encoders
bayes - ian
benign -
bias - es ed
biomarker - s
biops y ies ied
brain - s
breast - s
bronch i ial ioles ioscopy iectasis itis
calibrat e ed es ing ion ions or
cancer - s ous
carcinoma - s
cardi ac ology omegaly opulmonary ovascular omyopathy
cerebr al ovascular um
chest - s
child - ren hood
class - es ify ifies ified ifying ification ifications ifier ifiers
clinic - s al ally ian ians
cluster - s ed ing ings
cnn - s
cohort - s
comput e ed er ers ing ation ational ationally erized erised
consolidat e ed ion ions
convolution - s al ally
corona virus viruses viral virinae
coronavirus - es
cov - id
covid - 19 s 2019
covid19 -
cross - validation validated sectional
ct - s
cxr - s
data - set sets base bases
deep - er ly
dement ia ias ed
dermato logy logical scopy scopic logist logists
detect - s ed ing ion ions or ors able ability
diabet es ic ics
diagnos is es e ed ing tic tics tically tician ticians able ability
differenti al ate ated ates ating ation
discriminat e ed es ing ion ive or ors ory
disease - s d
echocardiogra m ms phy phic phies
edema - s tous
effus ion ions
emboli - c sm sms zation
embol us ic ism isms ization
emphysema - tous
encod e ed er ers es ing ings
ensembl e es ing
epidemi c cs ology ological ologic ologist
estimat e ed es ing ion ions or ors
evaluat e ed es ing ion ions or ors
explain - s ed ing able ability
feature - s d
federat e ed ion ive
fibro sis tic id ids
forecast - s ed ing er ers
fractur e es ed ing
fund us oscopy oscopic
gene - s
generaliz e ed es ing able ability ation
generalis e ed es ing able ability ation
glioblastoma - s
glioma - s
grade - s d
heart - s
hepat ic itis ocellular ology
histopatholog y ic ical ically ist ists
hospital - s ized ised ization isation izations isations
image - s d ry net
imag e es ed ing ery inary enet
infect - s ed ing ion ions ious
infiltrat e ed es ing ion ions
inflamm ation atory ations
intelligen ce t tly
intensiv e ely ist ists
interpret - s ed ing able ability ation ations er ers
isch emia emic aemia aemic
kidney - s
label - s ed led ing ling
learn - s ed ing er ers able t
lesion - s al
leuk emia emias emic aemia aemias ocyte ocytes
liver - s
logistic - s
lung - s
lymph - oma omas ocyte ocytes node nodes atic
machine - s ry
magnet ic ically
malignan t cy cies
mammogra m ms phy phic phies
mass - es
melanoma - s
meta - data analysis analyses stasis stases static
model - s led ling ed ing ler lers ling
morbid - ity ities
mortal - ity ities
mri - s
multi modal centre center centric class task variate variable view scale institutional
myocardi al tis um
ncov - s
network - s ed ing
neur al ally on ons onal ological ology osurgery oimaging oradiology
nodul e es ar arity
nomogra m ms
oncolog y ic ical ist ists
opacit y ies
opaci ty ties fication fications fied
ophthalm ology ologic ic oscopy
optic - s al ally
outcome - s
pandemic - s
patch - es
pathol ogy ogic ogical ogies ogist ogists
patholog y ic ical ically ies ist ists
patient - s
pediatr ic ics ician icians
paediatr ic ics ician icians
perform - s ed ing ance ances
pleura - l e
pneumon ia ias ic itis itides ectomy
pneumonia - s
pneumothora x ces xes cic
positiv e es ity ely
predict - s ed ing ion ions ive ively or ors able ability
prevalen ce t
prognos is es tic tics tically e ed
prognosticat e ed es ing ion ions or ors
prospectiv e ely
prostat e es ic ectomy
pulmon ary ologist ologists ology
quantif y ies ied ying ication ications iable
radiodiagnos is tic
ray - s
radiogra m ms ph phs phy phic phically phies pher phers
radiograph - s y ic ical ically ies er ers
radiolog y ic ical ically ist ists
radiomic - s
random - ized ised ly forest forests ness ize
recogni se ze sed zed ses zes sing zing tion tions
recurren t ce ces
regress - ion ions ed ing or ors ive
respirat ory ion ions or ors
retin a al as opathy opathies oblastoma
retrospectiv e ely
risk - s
robust - ly ness
roentgen - s ogram ograms ology ologic
saliency -
sarscov - 2
scan - s ned ner ners ning
screen - s ed ing ings er ers
segment - s ed ing ation ations al ally or er ers
self - supervised supervision
semantic - s ally
sensitiv e ity ities ely
sever e ely ity ities
signatur e es
specific - ity ities ally ation ations
stag e es ed ing ings
strok e es
supervis e ed ion ing
surviv al als e ed es ing or ors
syndrom e es ic
tomogra m ms phy phic phies ph phs
tomograph - y ic ically ies s
train - s ed ing ings able er
transfer - s red ring able ability
transformer - s
triag e es ed ing
tubercul osis ous oma omas
tumor - s ous al igenesis
tumour - s s ous al
ultraso und unds nography nographic nic nogram nograms nics
uncertain - ty ties
unsupervis ed
vaccin e es ated ation ations
valid - ity ities ate ated ates ating ation ations ator
vascul ar arity ature itis
ventilat e ed es ing ion or ors ory
viral - ly
virus - es
vision - s
visual - ly ize izes ized ise ised ization isation izations
volumetr ic y ically
xray - s
"""

COMMON_ENDINGS = ("s", "es", "ed", "ing")


@lru_cache(maxsize=1)
def load_vocabulary() -> tuple[str, ...]:
    """All words in the list, sorted."""
    words: set[str] = set()
    for line in _STEM_LINES.split("\n"):
        beginning, *endings = line.split() or [""]
        words |= {beginning + ("" if ending == "-" else ending) for ending in endings}
    return tuple(sorted(words))


def expand_stem(term: Term) -> list[str]:
    """The term with every known ending of its last word; the bare stem comes first."""
    words = split_term(term)
    stem = words[-1]
    known_vocabulary = load_vocabulary()
    low = bisect.bisect_left(known_vocabulary, stem)
    high = bisect.bisect_left(known_vocabulary, stem + "\U0010ffff")
    head = term.text[: len(term.text) - len(_get_last_word(term.text))]
    endings = [word for word in known_vocabulary[low:high] if word != stem]
    endings = endings or [stem + ending for ending in COMMON_ENDINGS]
    return [term.text, *(f"{head}{word}" for word in endings)]


def _get_last_word(text: str) -> str:
    """The last word of the text."""
    for index in range(len(text) - 1, 0, -1):
        if len(extract_words(text[index - 1 :])) > 1 or not extract_words(text[index - 1]):
            return text[index:]
    return text
