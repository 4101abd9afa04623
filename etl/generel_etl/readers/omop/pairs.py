"""Which concepts persons have together: counts, what chance would give, and what may leave the database.

A person counts once for a concept, from its first record on; a pair is counted once a person (Ta et al. 2018,
doi:10.1038/sdata.2018.273). With a window of w days a person counts for a pair where the *first* records of both lie
at most w days apart (onset, as in Jensen et al. 2014, doi:10.1038/ncomms5022): were it any records, a disease that is
written down at every visit would lie near everything. Without a window it is ever.

Persons are put into strata s (age band and year of their first record, sex). With nₛ persons in s, aₛ and bₛ of whom
have the concepts, and Oₛ of whom count for the pair:

    count O        = Σ Oₛ
    expected E     = Σ Eₛ,  Eₛ = aₛ bₛ / nₛ
    with a window  Eₛ = (1 / nₛ) · #{(i, j) : i has the one, j the other concept, first records at most w days apart}

Both are what is counted on average when, within s, the persons' histories of one concept are dealt out anew at random;
the second becomes the first when w covers everything. The log odds ratio is Mantel and Haenszel's (1959,
doi:10.1093/jnci/22.4.719), shrunken by a half on both sides as the ratio of observed and expected is (Norén et al.
2013, doi:10.1177/0962280211403604):

    S = Σ Eₛ (1 − Oₛ/aₛ) (1 − Oₛ/bₛ)      without a window: Σ (aₛ − Oₛ)(bₛ − Oₛ) / nₛ
    R = S + O − E                          without a window: Σ Oₛ (nₛ − aₛ − bₛ + Oₛ) / nₛ
    log odds ratio = ln((R + ½) / (S + ½))

A stratum of one person says nothing and adds the same to O and E; with many of them PPMI is drawn to 0 (the odds ratio
is not), so bands should be wide in a small cohort.
"""

from __future__ import annotations

from datetime import date
from typing import Any

EPOCH = date(1970, 1, 1)


def first_days(records: Any, links: Any) -> Any:
    """The first day of each term in each person: person, term, day. `links`: concept, term."""
    good = records.filter(records.trouble.isnull())
    named = links.select(of="concept", term="term")
    known = good.inner_join(named, good.concept == named.of)
    return known.group_by("person", "term").agg(day=known.day.min())


def occurrences(days: Any, people: Any, minimum: int) -> Any:
    """The first days with their person's stratum, of terms that enough persons have to be published at all.

    `people`: person, stratum. A published pair needs `minimum` persons with both concepts, and as many with one alone.
    """
    totals = days.group_by("term").agg(total=days.person.nunique())
    enough = totals.filter(totals.total >= 2 * minimum).select(common="term", total="total")
    kept = days.inner_join(enough, days.term == enough.common).drop("common")
    strata = people.select(who="person", stratum="stratum")
    return kept.inner_join(strata, kept.person == strata.who).select("person", "term", "day", "stratum", "total")


def count_pairs(met: Any, people: Any, window: int | None) -> Any:
    """Persons by pair and stratum: one, two (terms, the lower first), stratum, count, ever; and the terms' totals."""
    first = met.select("person", "stratum", "day", one="term", total_one="total")
    second = met.select(who="person", then="day", two="term", total_two="total")
    both = first.inner_join(second, [first.person == second.who, first.one < second.two])
    near = both.day.delta(both.then, unit="day").abs() <= window if window else None
    return both.group_by("one", "two", "stratum", "total_one", "total_two").agg(
        count=both.count() if near is None else near.cast("int64").sum(), ever=both.count()
    )


def may_leave(pairs: Any, people: Any, minimum: int) -> Any:
    """The pairs of whose two-by-two table no cell is below `minimum`: one, two, count.

    The four cells are the persons with both, with the one alone, with the other alone, with neither. A cell of 0 is
    below: that all who have the one have the other discloses as much.
    """
    whole = pairs.group_by("one", "two", "total_one", "total_two").agg(
        count=pairs["count"].sum(), ever=pairs.ever.sum()
    )
    everybody = people.count().as_scalar()
    alone = [whole.total_one - whole["count"], whole.total_two - whole["count"]]
    neither = everybody - whole.total_one - whole.total_two + whole.ever
    cells = [whole["count"], *alone, neither]
    return whole.filter([cell >= minimum for cell in cells]).select("one", "two", "count")


def expected(met: Any, people: Any, pairs: Any, leaving: Any, window: int | None) -> Any:
    """Of the pairs that may leave: one, two, count, expected (E) and without (S)."""
    sizes = people.group_by("stratum").agg(size=people.count()).select(of="stratum", size="size")
    have = met.group_by("stratum", "term").agg(have=met.count())
    one = have.select(stratum="stratum", first="term", have_one="have")
    two = have.select(layer="stratum", second="term", have_two="have")
    every = leaving.inner_join(one, leaving.one == one.first)
    every = every.inner_join(two, [every.two == two.second, every.stratum == two.layer])
    every = every.inner_join(sizes, every.stratum == sizes.of)
    chance = every.have_one * every.have_two / every["size"]
    every = every.select("one", "two", "count", "stratum", "size", "have_one", "have_two", chance=chance)
    if window:
        close = _close(met, leaving, window)
        every = every.left_join(
            close, [every.one == close.left, every.two == close.right, every.stratum == close.layer]
        )
        every = every.mutate(chance=every.close.fill_null(0) / every["size"])
    seen = pairs.select(a="one", b="two", c="stratum", seen="count")
    every = every.left_join(seen, [every.one == seen.a, every.two == seen.b, every.stratum == seen.c])
    share = every.seen.fill_null(0)
    without = every.chance * (1 - share / every.have_one) * (1 - share / every.have_two)
    return every.group_by("one", "two", "count").agg(expected=every.chance.sum(), without=without.sum())


def _close(met: Any, leaving: Any, window: int) -> Any:
    """How many pairs of persons of a stratum have first records near enough: left, right, layer, close.

    Days are put into boxes as wide as the window, so that only neighbouring ones are compared: the join has keys. It
    is the one costly step: what it takes grows with the square of the records that a stratum has within a window.
    """
    ends = leaving.select(end="one").union(leaving.select(end="two"), distinct=True)
    met = met.semi_join(ends, met.term == ends.end)
    by_day = met.group_by("stratum", "term", "day").agg(have=met.count())
    by_day = by_day.mutate(at=by_day.day.delta(EPOCH, unit="day"))
    by_day = by_day.mutate(box=(by_day.at / window).floor().cast("int64"))
    one = by_day.select(layer="stratum", left="term", at="at", n="have", box="box")
    boxes = [
        by_day.select(stratum="stratum", right="term", then="at", m="have", next=by_day.box + k) for k in (-1, 0, 1)
    ]
    two = boxes[0].union(*boxes[1:])
    both = one.inner_join(two, [one.layer == two.stratum, one.box == two.next, one.left < two.right])
    both = both.filter((both["at"] - both.then).abs() <= window)
    return both.group_by("left", "right", "layer").agg(close=(both.n * both.m).sum())
