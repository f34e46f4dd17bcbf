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

/* Numbers from `first` up to `last` as a row. */
static int add_range(Table *table, Py_ssize_t first, Py_ssize_t last)
{
    PyObject *numbers = PyObject_CallFunction((PyObject *)&PyRange_Type, "nn", first, last);
    int failed = numbers == NULL || table_add_row(table, numbers, last) < 0;
    Py_XDECREF(numbers);
    return failed ? -1 : 0;
}

static int add_entry(Board *self, Table *anchors, PyObject *entry, Py_ssize_t number)
{
    PyObject *anchor, *groups, *banned, *nears;
    int tested;
    if (!is_tuple(entry) ||
        !PyArg_ParseTuple(entry, "OO!OpO!", &anchor, &PyTuple_Type, &groups, &banned, &tested, &PyTuple_Type, &nears))
        return -1;
    Py_ssize_t first_group = self->members.rows, first_near = self->near_count;
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(nears); at++)
        if (add_near(self, PyTuple_GET_ITEM(nears, at)) < 0)
            return -1;
    if (table_add_rows(&self->members, groups, self->signals) < 0 ||
        add_range(&self->groups, first_group, self->members.rows) < 0 ||
        add_range(&self->nears, first_near, self->near_count) < 0 ||
        table_add_row(anchors, anchor, self->signals) < 0 ||
        table_add_row(&self->banned, banned, self->signals) < 0)
        return -1;
    int some_banned = self->banned.starts[number + 1] > self->banned.starts[number];
    self->kinds[number] = tested ? TESTED : some_banned || PyTuple_GET_SIZE(groups) ? 0 : DECIDED;
    return 0;
}

static int add_entries(Board *self, PyObject *entries)
{
    Table anchors = {0};
    int failed = 0;
    for (Py_ssize_t at = 0; !failed && at < self->queries; at++)
        failed = add_entry(self, &anchors, PyTuple_GET_ITEM(entries, at), at) < 0;
    failed = failed || table_turn(&self->anchored, &anchors, self->signals) < 0;
    table_free(&anchors);
    return failed ? -1 : 0;
}

static int make_room(Board *self)
{
    self->kinds = PyMem_Calloc(self->queries + 1, 1);
    self->raised = PyMem_Calloc(WORDS(self->signals) + 1, sizeof(uint64_t));
    self->looked = PyMem_Calloc(WORDS(self->queries) + 1, sizeof(uint64_t));
    self->sure = PyMem_Calloc(WORDS(self->queries) + 1, sizeof(uint64_t));
    self->asked = PyMem_Calloc(WORDS(self->queries) + 1, sizeof(uint64_t));
    self->heard = PyMem_Calloc(self->signals + 1, sizeof(int32_t));
    self->seen = PyMem_Calloc(self->queries + 1, sizeof(int32_t));
    if (self->kinds && self->raised && self->looked && self->sure && self->asked && self->heard && self->seen)
        return 0;
    PyErr_NoMemory();
    return -1;
}

static void board_dealloc(Board *self)
{
    Table *tables[] = {&self->plain,   &self->titled, &self->patterns, &self->anchored, &self->groups,
                       &self->members, &self->banned, &self->nears,    &self->sides};
    void *rooms[] = {self->near, self->kinds, self->raised, self->looked, self->sure,
                     self->asked, self->heard, self->seen};
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
