"""Pairs of concepts in persons: counts, expected counts, and which pairs may be published.

A person counts once for a concept, from the first record of it; a pair is counted once per person (Ta et al. 2018,
doi:10.1038/sdata.2018.273). With a window of w days a person counts for a pair if the *first* records of both concepts
are at most w days apart (onset, as in Jensen et al. 2014, doi:10.1038/ncomms5022). If any two records counted, a
disease that is recorded at every visit would be near everything. Without a window the first records may be any time
apart.

Persons are divided into strata s (age band and year of their first record, sex). With nₛ persons in s, of whom aₛ and
bₛ have the concepts and Oₛ count for the pair:

    count O        = Σ Oₛ
    expected E     = Σ Eₛ,  Eₛ = aₛ bₛ / nₛ
    with a window  Eₛ = (1 / nₛ) · #{(i, j) : i has the one, j the other concept, first records at most w days apart}

Both are the mean count if, within s, the histories of one concept are permuted at random among the persons; the second
equals the first if w covers the complete period. The log odds ratio is that of Mantel and Haenszel (1959,
doi:10.1093/jnci/22.4.719). It is shrunken by ½ on both sides, like the ratio of observed and expected counts (Norén et
al. 2013, doi:10.1177/0962280211403604):

    S = Σ Eₛ (1 − Oₛ/aₛ) (1 − Oₛ/bₛ)      without a window: Σ (aₛ − Oₛ)(bₛ − Oₛ) / nₛ
    R = S + O − E                          without a window: Σ Oₛ (nₛ − aₛ − bₛ + Oₛ) / nₛ
    log odds ratio = ln((R + ½) / (S + ½))

A stratum of one person has no information and adds the same to O and E. Many such strata pull PPMI towards 0 (but not
the odds ratio), so a small cohort needs wide bands.
"""

from __future__ import annotations

from datetime import date
from typing import Any

EPOCH = date(1970, 1, 1)


def first_days(records: Any, links: Any) -> Any:
    """The first day of each term in each person: person, term, day. `links`: concept, term."""
    valid = records.filter(records.problem.isnull())
    terms = links.select(of="concept", term="term")
    linked = valid.inner_join(terms, valid.concept == terms.of)
    return linked.group_by("person", "term").agg(day=linked.day.min())


def frequent_terms(days: Any, strata: Any, minimum: int) -> Any:
    """The first days of the terms that have enough persons for publication: person, term, day, stratum, total.

    `strata`: person, stratum. A published pair needs `minimum` persons with both concepts, and as many with only one of
    them; `total` is the number of persons with the term.
    """
    totals = days.group_by("term").agg(total=days.person.nunique())
    frequent = totals.filter(totals.total >= 2 * minimum).select(frequent="term", total="total")
    selected = days.inner_join(frequent, days.term == frequent.frequent).drop("frequent")
    strata = strata.select(who="person", stratum="stratum")
    return selected.inner_join(strata, selected.person == strata.who).select(
        "person", "term", "day", "stratum", "total"
    )


def count_pairs(days: Any, window: int | None) -> Any:
    """Persons by pair and stratum: one, two (terms, the lower first), stratum, total_one, total_two, count, ever.

    `days`: see `frequent_terms`. `count`: persons within the window; `ever`: persons with both terms.
    """
    first = days.select("person", "stratum", "day", one="term", total_one="total")
    second = days.select(who="person", other_day="day", two="term", total_two="total")
    both = first.inner_join(second, [first.person == second.who, first.one < second.two])
    in_window = both.day.delta(both.other_day, unit="day").abs() <= window if window else None
    return both.group_by("one", "two", "stratum", "total_one", "total_two").agg(
        count=both.count() if in_window is None else in_window.cast("int64").sum(), ever=both.count()
    )


def publishable_pairs(pairs: Any, strata: Any, minimum: int) -> Any:
    """The pairs for which no cell of the two-by-two table is below `minimum`: one, two, count.

    The four cells are the persons with both terms, with only the first, with only the second, and with neither. A cell
    of 0 is below `minimum` too: that all persons with one term have the other discloses as much.
    """
    totals = pairs.group_by("one", "two", "total_one", "total_two").agg(
        count=pairs["count"].sum(), ever=pairs.ever.sum()
    )
    persons = strata.count().as_scalar()
    only_one = [totals.total_one - totals["count"], totals.total_two - totals["count"]]
    neither = persons - totals.total_one - totals.total_two + totals.ever
    cells = [totals["count"], *only_one, neither]
    return totals.filter([cell >= minimum for cell in cells]).select("one", "two", "count")


def expected_counts(days: Any, strata: Any, pairs: Any, publishable: Any, window: int | None) -> Any:
    """The publishable pairs with their expected counts: one, two, count, expected (E), without (S)."""
    sizes = strata.group_by("stratum").agg(size=strata.count()).select(of="stratum", size="size")
    persons = days.group_by("stratum", "term").agg(persons=days.count())
    one = persons.select(stratum="stratum", first="term", persons_one="persons")
    two = persons.select(layer="stratum", second="term", persons_two="persons")
    layers = publishable.inner_join(one, publishable.one == one.first)
    layers = layers.inner_join(two, [layers.two == two.second, layers.stratum == two.layer])
    layers = layers.inner_join(sizes, layers.stratum == sizes.of)
    chance = layers.persons_one * layers.persons_two / layers["size"]
    layers = layers.select("one", "two", "count", "stratum", "size", "persons_one", "persons_two", chance=chance)
    if window:
        close = _close_pairs(days, publishable, window)
        layers = layers.left_join(
            close, [layers.one == close.left, layers.two == close.right, layers.stratum == close.layer]
        )
        layers = layers.mutate(chance=layers.close.fill_null(0) / layers["size"])
    observed = pairs.select(a="one", b="two", c="stratum", observed="count")
    layers = layers.left_join(
        observed, [layers.one == observed.a, layers.two == observed.b, layers.stratum == observed.c]
    )
    count = layers.observed.fill_null(0)
    without = layers.chance * (1 - count / layers.persons_one) * (1 - count / layers.persons_two)
    return layers.group_by("one", "two", "count").agg(expected=layers.chance.sum(), without=without.sum())


def _close_pairs(days: Any, publishable: Any, window: int) -> Any:
    """Pairs of persons of a stratum whose first records are within the window: left, right, layer, close.

    Days are grouped into boxes as wide as the window, and only adjacent boxes are compared, so that the join has keys.
    This is the most expensive step: its cost grows with the square of the number of records in a stratum and window.
    """
    terms = publishable.select(published="one").union(publishable.select(published="two"), distinct=True)
    days = days.semi_join(terms, days.term == terms.published)
    by_day = days.group_by("stratum", "term", "day").agg(persons=days.count())
    by_day = by_day.mutate(number=by_day.day.delta(EPOCH, unit="day"))
    by_day = by_day.mutate(box=(by_day.number / window).floor().cast("int64"))
    one = by_day.select(layer="stratum", left="term", number="number", persons="persons", box="box")
    boxes = [
        by_day.select(
            stratum="stratum", right="term", other="number", other_persons="persons", adjacent=by_day.box + offset
        )
        for offset in (-1, 0, 1)
    ]
    two = boxes[0].union(*boxes[1:])
    both = one.inner_join(two, [one.layer == two.stratum, one.box == two.adjacent, one.left < two.right])
    both = both.filter((both.number - both.other).abs() <= window)
    return both.group_by("left", "right", "layer").agg(close=(both.persons * both.other_persons).sum())
