/* Found: a sequence of (pattern, start, end), which become tuples only when somebody takes one out. */
#include "kernel.h"

Found *found_new(PyObject *text)
{
    Found *found = PyObject_New(Found, &FoundType);
    if (found == NULL)
        return NULL;
    found->text = Py_NewRef(text);
    found->hits = NULL;
    found->count = found->room = 0;
    found->spaced = 1;
    return found;
}

static void found_dealloc(Found *self)
{
    Py_DECREF(self->text);
    PyMem_Free(self->hits);
    PyObject_Free(self);
}

static Py_ssize_t found_length(Found *self)
{
    return self->count;
}

static PyObject *found_item(Found *self, Py_ssize_t at)
{
    if (at < 0 || at >= self->count) {
        PyErr_SetString(PyExc_IndexError, "no such hit");
        return NULL;
    }
    Hit hit = self->hits[at];
    return Py_BuildValue("(iii)", hit.pattern, hit.start, hit.end);
}

static PyObject *found_patterns(Found *self, void *closure)
{
    PyObject *patterns = PySet_New(NULL);
    if (patterns == NULL)
        return NULL;
    for (Py_ssize_t at = 0; at < self->count; at++) {
        PyObject *number = PyLong_FromLong(self->hits[at].pattern);
        int failed = number == NULL || PySet_Add(patterns, number) < 0;
        Py_XDECREF(number);
        if (failed) {
            Py_DECREF(patterns);
            return NULL;
        }
    }
    return patterns;
}

static PyObject *found_before(Found *self, PyObject *argument)
{
    long stop = PyLong_AsLong(argument);
    if (stop == -1 && PyErr_Occurred())
        return NULL;
    Found *kept = found_new(self->text);
    if (kept == NULL)
        return NULL;
    kept->spaced = self->spaced;
    for (Py_ssize_t at = 0; at < self->count && self->hits[at].start < stop; at++) {
        Hit hit = self->hits[at];
        if (found_add(kept, hit.pattern, hit.start, hit.end) < 0) {
            Py_DECREF(kept);
            return NULL;
        }
    }
    return (PyObject *)kept;
}

static PySequenceMethods found_sequence = {
    .sq_length = (lenfunc)found_length,
    .sq_item = (ssizeargfunc)found_item,
};

static PyGetSetDef found_properties[] = {
    {"patterns", (getter)found_patterns, NULL, "The patterns that occur.", NULL},
    {NULL},
};

static PyMethodDef found_methods[] = {
    {"before", (PyCFunction)found_before, METH_O, "Those that begin before a place."},
    {NULL},
};

PyTypeObject FoundType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.match.native.kernel.Found",
    .tp_basicsize = sizeof(Found),
    .tp_dealloc = (destructor)found_dealloc,
    .tp_as_sequence = &found_sequence,
    .tp_getset = found_properties,
    .tp_methods = found_methods,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_SEQUENCE,
    .tp_doc = "Hits in a text, by where they begin.",
};
