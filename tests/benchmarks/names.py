"""What contests and contenders are called in the results, on the page and in the chart: none of these needs an ORM."""

BY_HAND, BUDGET, OBVIOUS, DJANGO, PEEWEE = "by hand", "budget", "obvious SQLAlchemy", "Django", "Peewee"
LIMIT = "limit: COPY or executemany"
AT_ONCE = f"{BUDGET}, one statement"

SEARCH, LOADING = "a trigram index on PostgreSQL, rare word", "a trigram index on PostgreSQL, rows in"
MERGE, PAGES = "`work_mem` for the merge", "`insertmanyvalues_page_size`"
ADVICE = {  # the contest, and the contender that does without it
    SEARCH: "without",
    LOADING: "without",
    MERGE: "4 MB, the default",
    PAGES: "1,000, the default",
}
