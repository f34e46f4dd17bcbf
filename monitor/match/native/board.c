/* Board: which queries an article meets, by sets of signals as bits.
 *
 * A query is looked at only if a signal of its anchor is raised. Then every other group must have a raised signal, and
 * what is banned none. What is left is decided by places: here, if all that is asked is what stands near what, and else
 * the query is handed back for its tree to be asked.
 */
#include "board.h"

static int is_tuple(PyObject *row)
{
    if (!PyTuple_Check(row))
        PyErr_SetString(PyExc_TypeError, "an entry is a tuple, and so is what stands near what");
    return PyTuple_Check(row);
}

static int add_near(Board *self, PyObject *row)
{
    PyObject *left, *right;
    int words, ordered;
    if (!is_tuple(row) || !PyArg_ParseTuple(row, "OOip", &left, &right, &words, &ordered))
        return -1;
    Near near = {(int32_t)self->sides.rows, (int32_t)self->sides.rows + 1, words, ordered};
    if (table_add_row(&self->sides, left, self->signals) < 0 ||
        table_add_row(&self->sides, right, self->signals) < 0 ||
        grow((void **)&self->near, &self->near_room, self->near_count + 1, sizeof(Near)) < 0)
        return -1;
    self->near[self->near_count++] = near;
    return 0;
}

/* A group behind the number of its signals. */
static int add_group(Board *self, PyObject *signals)
{
    Py_ssize_t place = self->asks.size;
    if (table_add(&self->asks, 0) < 0 || table_add_all(&self->asks, signals, self->signals) < 0)
        return -1;
    self->asks.values[place] = (int32_t)(self->asks.size - place - 1);
    return 0;
}

/* What is asked of a query; its place, or -1. */
static Py_ssize_t add_asks(Board *self, Py_ssize_t query, PyObject *groups, PyObject *banned, int tested,
                           PyObject *nears)
{
    Py_ssize_t place = self->asks.size;
    int some_banned = PyObject_IsTrue(banned);
    int32_t head[HEAD] = {
        [QUERY] = (int32_t)query,
        [TESTED] = tested,
        [NEARS] = (int32_t)PyTuple_GET_SIZE(nears),
        [FIRST_NEAR] = (int32_t)self->near_count,
        [BANNED] = some_banned,
        [GROUPS] = (int32_t)PyTuple_GET_SIZE(groups),
    };
    int failed = some_banned < 0;
    for (int at = 0; !failed && at < HEAD; at++)
        failed = table_add(&self->asks, head[at]) < 0;
    failed = failed || (some_banned && add_group(self, banned) < 0);
    for (Py_ssize_t at = 0; !failed && at < PyTuple_GET_SIZE(groups); at++)
        failed = add_group(self, PyTuple_GET_ITEM(groups, at)) < 0;
    for (Py_ssize_t at = 0; !failed && at < PyTuple_GET_SIZE(nears); at++)
        failed = add_near(self, PyTuple_GET_ITEM(nears, at)) < 0;
    return failed ? -1 : place;
}

/* A query, and what a signal of its anchor says of it: added to `anchors` and `says`. */
static int add_entry(Board *self, Table *anchors, Table *says, PyObject *entry, Py_ssize_t query)
{
    PyObject *anchor, *groups, *banned, *nears;
    int tested;
    if (!is_tuple(entry) ||
        !PyArg_ParseTuple(entry, "OO!OpO!", &anchor, &PyTuple_Type, &groups, &banned, &tested, &PyTuple_Type, &nears))
        return -1;
    Py_ssize_t place = ~query;
    if (tested || PyTuple_GET_SIZE(groups) || PyObject_IsTrue(banned))
        place = add_asks(self, query, groups, banned, tested, nears);
    if (PyErr_Occurred() || table_add_row(anchors, anchor, self->signals) < 0)
        return -1;
    return table_add(says, (int32_t)place);
}

static int add_entries(Board *self, PyObject *entries)
{
    Table anchors = {0}, says = {0};
    int failed = 0;
    for (Py_ssize_t at = 0; !failed && at < self->queries; at++)
        failed = add_entry(self, &anchors, &says, PyTuple_GET_ITEM(entries, at), at) < 0;
    failed = failed || table_turn(&self->anchored, &anchors, self->signals) < 0;
    for (Py_ssize_t at = 0; !failed && at < self->anchored.size; at++)
        self->anchored.values[at] = says.values[self->anchored.values[at]];
    table_free(&anchors);
    table_free(&says);
    return failed ? -1 : 0;
}

static int make_room(Board *self)
{
    self->raised = PyMem_Calloc(WORDS(self->signals) + 1, sizeof(uint64_t));
    self->looked = PyMem_Calloc(WORDS(self->queries) + 1, sizeof(uint64_t));
    self->sure = PyMem_Calloc(WORDS(self->queries) + 1, sizeof(uint64_t));
    self->asked = PyMem_Calloc(WORDS(self->queries) + 1, sizeof(uint64_t));
    self->heard = PyMem_Calloc(self->signals + 1, sizeof(int32_t));
    self->seen = PyMem_Calloc(self->queries + 1, sizeof(int32_t));
    self->picked = PyMem_Calloc(self->queries + 1, sizeof(int32_t));
    if (self->raised && self->looked && self->sure && self->asked && self->heard && self->seen && self->picked)
        return 0;
    PyErr_NoMemory();
    return -1;
}

static void board_dealloc(Board *self)
{
    Table *tables[] = {&self->plain, &self->titled, &self->patterns, &self->anchored, &self->asks, &self->sides};
    void *rooms[] = {self->near, self->raised, self->looked, self->sure, self->asked, self->heard,
                     self->seen,  self->picked};
    for (size_t at = 0; at < sizeof tables / sizeof *tables; at++)
        table_free(tables[at]);
    for (size_t at = 0; at < sizeof rooms / sizeof *rooms; at++)
        PyMem_Free(rooms[at]);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static int fill(Board *self, PyObject *plain, PyObject *titled, PyObject *entries)
{
    if (table_add_rows(&self->plain, plain, self->signals) < 0 ||
        table_add_rows(&self->titled, titled, self->signals) < 0)
        return -1;
    if (self->plain.rows != self->titled.rows) {
        PyErr_SetString(PyExc_ValueError, "as many rows of plain signals as of titled ones");
        return -1;
    }
    return make_room(self) < 0 || table_turn(&self->patterns, &self->plain, self->signals) < 0 ||
                   add_entries(self, entries) < 0
               ? -1
               : 0;
}

static PyObject *board_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    static char *names[] = {"plain", "titled", "entries", "signals", NULL};
    PyObject *plain, *titled, *rows;
    Py_ssize_t signals;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "OOOn", names, &plain, &titled, &rows, &signals))
        return NULL;
    if (signals < 0 || signals > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "signals are counted, up to 2**31");
        return NULL;
    }
    PyObject *entries = PySequence_Tuple(rows); /* a copy: reading it runs Python code, which might change a list */
    Board *self = entries ? (Board *)type->tp_alloc(type, 0) : NULL;
    if (self != NULL) {
        self->signals = signals;
        self->queries = PyTuple_GET_SIZE(entries);
        if (fill(self, plain, titled, entries) < 0)
            Py_CLEAR(self);
    }
    Py_XDECREF(entries);
    return (PyObject *)self;
}

static PyMethodDef board_methods[] = {
    {"judge", (PyCFunction)(void (*)(void))board_judge, METH_FASTCALL,
     "judge(found, title_end, others): the numbers of the queries that are met, and of those whose trees decide."},
    {"pick", (PyCFunction)(void (*)(void))board_pick, METH_FASTCALL,
     "pick(found, title_end, others, rows): the rows of the queries that are met; None if trees are to be asked."},
    {"candidates", (PyCFunction)(void (*)(void))board_candidates, METH_FASTCALL,
     "candidates(found, title_end, others): how many queries are looked at beyond those that one hit decides."},
    {NULL},
};

PyTypeObject BoardType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.match.native.kernel.Board",
    .tp_basicsize = sizeof(Board),
    .tp_dealloc = (destructor)board_dealloc,
    .tp_methods = board_methods,
    .tp_new = board_new,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Queries by the signals that meet them.",
};
