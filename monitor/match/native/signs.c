/* Signs: the variants that are shown as they stand. */
#include "show.h"

static int add_sign(Signs *self, PyObject *row)
{
    int pattern, left, right;
    PyObject *told;
    if (!PyTuple_Check(row)) {
        PyErr_SetString(PyExc_TypeError, "a sign is a tuple");
        return -1;
    }
    if (!PyArg_ParseTuple(row, "iO!pp", &pattern, &PyTuple_Type, &told, &left, &right))
        return -1;
    if (PyTuple_GET_SIZE(told) != TOLD) {
        PyErr_SetString(PyExc_ValueError, "told are term, kind, concept and language");
        return -1;
    }
    self->signs[self->count++] = (Sign){pattern, left, right, Py_NewRef(told)};
    return 0;
}

static int add_signs(Signs *self, PyObject *rows)
{
    PyObject *every = PySequence_Tuple(rows); /* a copy: reading it may run Python code, which might change a list */
    if (every == NULL)
        return -1;
    Py_ssize_t count = PyTuple_GET_SIZE(every);
    int failed = 0;
    self->signs = PyMem_Calloc(count + 1, sizeof(Sign));
    if (self->signs == NULL) {
        PyErr_NoMemory();
        failed = 1;
    }
    for (Py_ssize_t at = 0; !failed && at < count; at++)
        failed = add_sign(self, PyTuple_GET_ITEM(every, at)) < 0;
    Py_DECREF(every);
    return failed ? -1 : 0;
}

static int add_others(Signs *self, PyObject *numbers)
{
    Table others = {0};
    self->others = PyMem_Calloc(WORDS(self->anywhere.rows) + 1, sizeof(uint64_t));
    int failed = self->others == NULL || table_add_row(&others, numbers, self->anywhere.rows) < 0;
    for (Py_ssize_t at = 0; !failed && at < others.size; at++)
        SET_BIT(self->others, others.values[at]);
    table_free(&others);
    if (self->others == NULL)
        PyErr_NoMemory();
    return failed ? -1 : 0;
}

static void signs_dealloc(Signs *self)
{
    for (Py_ssize_t at = 0; at < self->count; at++)
        Py_DECREF(self->signs[at].told);
    PyMem_Free(self->signs);
    table_free(&self->raised);
    table_free(&self->anywhere);
    table_free(&self->titled);
    PyMem_Free(self->others);
    Py_XDECREF(self->hit);
    Py_XDECREF(self->match);
    Py_XDECREF(self->fields);
    Py_XDECREF(self->unseen);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

/* Is it a class of tuples? */
static int is_tuple_type(PyObject *type)
{
    return PyType_Check(type) && PyType_IsSubtype((PyTypeObject *)type, &PyTuple_Type);
}

static PyObject *signs_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    static char *names[] = {"hit",      "match",  "fields", "unseen",   "signs", "raised",
                            "anywhere", "titled", "others", "max_hits", NULL};
    PyObject *hit, *match, *fields, *unseen, *signs, *raised, *anywhere, *titled, *others;
    Py_ssize_t max_hits;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "OOO!UOOOOOn", names, &hit, &match, &PyTuple_Type, &fields,
                                     &unseen, &signs, &raised, &anywhere, &titled, &others, &max_hits))
        return NULL;
    if (!is_tuple_type(hit) || !is_tuple_type(match) || PyTuple_GET_SIZE(fields) != TEXTS || max_hits < 0) {
        PyErr_SetString(PyExc_TypeError, "hits and matches are tuples, there are three fields, and hits are counted");
        return NULL;
    }
    Signs *self = (Signs *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->hit = (PyTypeObject *)Py_NewRef(hit);
    self->match = (PyTypeObject *)Py_NewRef(match);
    self->fields = Py_NewRef(fields);
    self->unseen = Py_NewRef(unseen);
    self->max_hits = max_hits;
    if (add_signs(self, signs) < 0 || table_add_rows(&self->anywhere, anywhere, self->count) < 0 ||
        table_add_rows(&self->titled, titled, self->count) < 0 ||
        table_add_rows(&self->raised, raised, self->anywhere.rows) < 0 || add_others(self, others) < 0)
        Py_CLEAR(self);
    else if (self->anywhere.rows != self->titled.rows) {
        PyErr_SetString(PyExc_ValueError, "as many rows for all texts as for titles");
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

PyTypeObject SignsType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.match.native.kernel.Signs",
    .tp_basicsize = sizeof(Signs),
    .tp_dealloc = (destructor)signs_dealloc,
    .tp_new = signs_new,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Variants that are shown as they stand.",
};
