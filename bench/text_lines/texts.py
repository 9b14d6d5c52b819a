"""Lines of text as they stand on labels, receipts and signs: words, numbers, dates, codes."""

from __future__ import annotations

import string

import numpy as np

WORDS = (
    "about above account address after again against air all also animal answer any apple area arm art ask bag ball "
    "bank base beach because bed before behind below best better between big bird black blue board boat body book "
    "both bottle box bread bridge bright bring brown build bus butter button call camera car care case chair change "
    "cheap city clean clear clock close cloud coat coffee cold color common control cook copy corner count country "
    "cover cream credit cross current dark date deep delivery design dinner direct door double down dress drink "
    "drive early east easy edge egg eight electric empty end engine enter every exit extra eye fall family fast "
    "field final fine first fish five floor flower fly food foot forest form four free fresh friend front fruit "
    "full game garden gate general gift glass gold good grand green ground group half hand happy hard head heart "
    "heavy high history home honey hope hotel hour house ice idea inside iron island join juice jump just keep key "
    "kind kitchen know lady lake land large last late law lead left lemon letter level light limit line list little "
    "local long lost love low lunch machine main make map mark market meat metal milk mind minute mix model money "
    "month moon more morning mountain mouth music name narrow nature near new next night nine north note number "
    "ocean offer office oil old one only open orange order other out oven page paint pair paper park part party "
    "pass path pay pencil people pepper phone photo piece place plan plant plate play point police pool post power "
    "present price print private product public pull pure push quality queen question quick quiet radio rain ready "
    "record red regular rice right river road rock roof room round salt sand save school sea season seat second "
    "sell service seven shape sharp shirt shoe shop short show silver simple single six size sky small smile snow "
    "soft some song soup south space special speed spring square stage stand star start station steel stone stop "
    "store street strong style sugar summer sun sweet table tax tea ten test text thank thick thin three ticket "
    "time today top total tower town trade train travel tree true turn two under unit upper use valley value very "
    "view village visit voice wait walk wall warm wash watch water way week welcome west wheel white wide wild wind "
    "window winter wood word work world year yellow young zero zone"
).split()
LONGEST = 20  # characters


def line(generator: np.random.Generator) -> str:
    """One line of at most 20 characters."""
    parts = [_part(generator)]
    for _ in range(int(generator.integers(0, 4))):
        more = _part(generator)
        if len(" ".join([*parts, more])) <= LONGEST:
            parts.append(more)
    return " ".join(parts)


def _part(generator: np.random.Generator) -> str:
    kind = generator.random()
    if kind < 0.7:
        return _word(generator)
    number = int(generator.integers(1, 10_000))
    if kind < 0.78:
        return str(number)
    if kind < 0.86:
        return f"${number / 100:.2f}"
    if kind < 0.91:
        return f"{generator.integers(2000, 2030)}-{generator.integers(1, 13):02d}-{generator.integers(1, 29):02d}"
    if kind < 0.95:
        return f"{generator.integers(0, 24):02d}:{generator.integers(0, 60):02d}"
    letters = "".join(generator.choice(list(string.ascii_uppercase), 2))
    return f"{letters}-{number}"


def _word(generator: np.random.Generator) -> str:
    word, ending = str(generator.choice(WORDS)), ("", "", "", "", ",", ".", "!", "?", ":")
    case = generator.random()
    shown = word.upper() if case < 0.2 else word.capitalize() if case < 0.5 else word
    return shown + ending[int(generator.integers(len(ending)))]
