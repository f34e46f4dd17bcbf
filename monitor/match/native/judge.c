/* Which queries an article meets. */
#include "board.h"

static void raise_row(Board *self, Article *article, const Table *table, int32_t row)
{
    for (EACH(at, *table, row)) {
        int32_t signal = table->values[at];
        if (!BIT(self->raised, signal)) {
            SET_BIT(self->raised, signal);
            self->heard[article->heard++] = signal;
        }
    }
}

static void fetch_row(const Table *table, int32_t row)
{
    __builtin_prefetch(&table->values[table->starts[row]]);
}

/* Of many queries little lies in the processor's caches: what is needed is fetched before, here and below. */
static void raise_all(Board *self, Article *article)
{
    const Hit *hits = article->found->hits;
    Py_ssize_t count = article->found->count;
    for (Py_ssize_t at = 0; at < count; at++)
        __builtin_prefetch(&self->plain.starts[hits[at].pattern]);
    for (Py_ssize_t at = 0; at < count; at++)
        fetch_row(&self->plain, hits[at].pattern);
    raise_row(self, article, &article->others, 0);
    for (Py_ssize_t at = 0; at < count; at++) {
        raise_row(self, article, &self->plain, hits[at].pattern);
        if (hits[at].end <= article->title_end)
            raise_row(self, article, &self->titled, hits[at].pattern);
    }
}

/* Is any of the signals raised that stand behind their number? */
static int any_raised(const Board *self, const int32_t *signals)
{
    for (int32_t at = 1; at <= signals[0]; at++)
        if (BIT(self->raised, signals[at]))
            return 1;
    return 0;
}

static Answer judge_one(const Board *self, Article *article, const int32_t *asks)
{
    const int32_t *signals = asks + HEAD;
    if (asks[BANNED]) {
        if (any_raised(self, signals))
            return NO;
        signals += signals[0] + 1;
    }
    for (int32_t group = 0; group < asks[GROUPS]; group++, signals += signals[0] + 1)
        if (!any_raised(self, signals))
            return NO;
    return asks[TESTED] ? judge_nears(self, article, asks) : YES;
}

static void look_at(Board *self, Article *article, int32_t place)
{
    const int32_t *asks = place < 0 ? NULL : self->asks.values + place;
    int32_t query = asks ? asks[QUERY] : ~place;
    if (BIT(self->looked, query))
        return;
    SET_BIT(self->looked, query);
    self->seen[article->seen++] = query;
    article->candidates += asks != NULL;
    Answer answer = asks ? judge_one(self, article, asks) : YES;
    article->asked += answer == UNKNOWN;
    if (answer != NO)
        SET_BIT(answer == YES ? self->sure : self->asked, query);
}

/* Looks at every query that a raised signal makes worth it. */
static void look(Board *self, Article *article)
{
    const Table *anchored = &self->anchored;
    for (Py_ssize_t number = 0; number < article->heard; number++)
        __builtin_prefetch(&anchored->starts[self->heard[number]]);
    for (Py_ssize_t number = 0; number < article->heard; number++)
        fetch_row(anchored, self->heard[number]);
    for (Py_ssize_t number = 0; number < article->heard; number++)
        for (EACH(at, *anchored, self->heard[number]))
            if (anchored->values[at] >= 0)
                __builtin_prefetch(&self->asks.values[anchored->values[at]]);
    for (Py_ssize_t number = 0; number < article->heard; number++)
        for (EACH(at, *anchored, self->heard[number]))
            look_at(self, article, anchored->values[at]);
}

static void clear(Board *self, Article *article)
{
    for (Py_ssize_t at = 0; at < article->heard; at++)
        CLEAR_BIT(self->raised, self->heard[at]);
    for (Py_ssize_t at = 0; at < article->seen; at++) {
        CLEAR_BIT(self->looked, self->seen[at]);
        CLEAR_BIT(self->sure, self->seen[at]);
        CLEAR_BIT(self->asked, self->seen[at]);
    }
    table_free(&article->others);
    unlink_hits(&article->links);
}

static int read_article(Board *self, PyObject *const *arguments, Py_ssize_t count, Article *article)
{
    if (count != 3 || !Py_IS_TYPE(arguments[0], &FoundType)) {
        PyErr_SetString(PyExc_TypeError, "wanted are: found, title_end, others");
        return -1;
    }
    article->found = (Found *)arguments[0];
    for (Py_ssize_t at = 0; at < article->found->count; at++)
        if (article->found->hits[at].pattern >= self->plain.rows) {
            PyErr_SetString(PyExc_ValueError, "these hits are of another search");
            return -1;
        }
    article->title_end = PyLong_AsSsize_t(arguments[1]);
    return PyErr_Occurred() ? -1 : table_add_row(&article->others, arguments[2], self->signals);
}

/* Writes down the numbers whose bits are set, ascending; how many. */
static Py_ssize_t pick_numbers(Board *self, const uint64_t *bits)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t word = 0; word < WORDS(self->queries); word++)
        for (uint64_t rest = bits[word]; rest; rest &= rest - 1)
            self->picked[count++] = (int32_t)(64 * word + __builtin_ctzll(rest));
    return count;
}

static PyObject *numbers_of(Board *self, const uint64_t *bits)
{
    Py_ssize_t count = pick_numbers(self, bits);
    PyObject *numbers = PyList_New(count);
    for (Py_ssize_t at = 0; numbers && at < count; at++) {
        PyObject *number = PyLong_FromLong(self->picked[at]);
        if (number == NULL)
            Py_CLEAR(numbers);
        else
            PyList_SET_ITEM(numbers, at, number);
    }
    return numbers;
}

/* The numbers of queries that are met for sure, and of those whose trees are to be asked. */
static PyObject *sure_and_asked(Board *self)
{
    PyObject *sure = numbers_of(self, self->sure), *asked = numbers_of(self, self->asked);
    PyObject *both = sure && asked ? PyTuple_Pack(2, sure, asked) : NULL;
    Py_XDECREF(sure);
    Py_XDECREF(asked);
    return both;
}

/* Of the rows, one a query, those of the queries that are met for sure. They lie anywhere in memory, so all are fetched
 * before any is needed. */
static PyObject *rows_of(Board *self, PyObject *rows)
{
    Py_ssize_t count = pick_numbers(self, self->sure);
    for (Py_ssize_t at = 0; at < count; at++)
        __builtin_prefetch(&PyTuple_GET_ITEM(rows, self->picked[at]));
    for (Py_ssize_t at = 0; at < count; at++)
        __builtin_prefetch(PyTuple_GET_ITEM(rows, self->picked[at]), 1);
    PyObject *picked = PyList_New(count);
    for (Py_ssize_t at = 0; picked && at < count; at++)
        PyList_SET_ITEM(picked, at, Py_NewRef(PyTuple_GET_ITEM(rows, self->picked[at])));
    return picked;
}

/* What is said of an article; of rows, if there are any and no tree has to be asked.
 *
 * From reading an article until all is clear again no Python code runs, so that the room is never used twice. That is
 * why the collector rests: a new list can start it, and that any finalizer, and that another thread. */
static PyObject *answer(Board *self, PyObject *const *arguments, Py_ssize_t count, PyObject *rows)
{
    Article article = {0};
    PyObject *said = NULL;
    if (read_article(self, arguments, count, &article) == 0) {
        int collecting = PyGC_Disable();
        raise_all(self, &article);
        look(self, &article);
        if (!PyErr_Occurred())
            said = rows && !article.asked ? rows_of(self, rows) : sure_and_asked(self);
        if (collecting)
            PyGC_Enable();
    }
    clear(self, &article);
    return said;
}

PyObject *board_judge(Board *self, PyObject *const *arguments, Py_ssize_t count)
{
    return answer(self, arguments, count, NULL);
}

PyObject *board_candidates(Board *self, PyObject *const *arguments, Py_ssize_t count)
{
    Article article = {0};
    int failed = read_article(self, arguments, count, &article);
    if (!failed) {
        raise_all(self, &article);
        look(self, &article);
        failed = PyErr_Occurred() != NULL;
    }
    clear(self, &article);
    return failed ? NULL : PyLong_FromSsize_t(article.candidates);
}

PyObject *board_pick(Board *self, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 4 || !PyTuple_Check(arguments[3]) || PyTuple_GET_SIZE(arguments[3]) != self->queries) {
        PyErr_SetString(PyExc_TypeError, "wanted are: found, title_end, others, and a tuple with a row a query");
        return NULL;
    }
    return answer(self, arguments, 3, arguments[3]);
}
