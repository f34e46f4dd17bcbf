/* The tables of a search, made of its patterns. */
#include "search.h"

/* Notes that a beginning with this hash is pattern `pattern`, or -1, and whether some pattern goes on. */
static void add_key(Search *self, uint64_t hash, int32_t pattern, int more)
{
    size_t mask = ((size_t)1 << self->bits) - 1;
    uint32_t check = (uint32_t)hash;
    size_t at = slot_of(self, hash);
    for (; self->slots[at].value; at = (at + 1) & mask) {
        Slot *slot = &self->slots[at];
        /* Two beginnings of one hash may share a slot: what is found by it is compared anyway. */
        if (slot->check == check && (pattern < 0 || slot->value < 2)) {
            slot->value |= (pattern + 1) * 2 | more;
            return;
        }
    }
    self->slots[at] = (Slot){check, (pattern + 1) * 2 | more};
}

static void add_word(Search *self, const Py_UCS4 *letters, Py_ssize_t length, int32_t pattern)
{
    uint64_t hash = SEED;
    for (Py_ssize_t at = 0; at < length; at++) {
        hash = STEP(hash, letters[at]);
        int last = at == length - 1;
        if (last)
            add_key(self, hash, pattern, 0);
        else if (at && letters[at] == ' ')
            add_key(self, hash, -1, 1);
        if (last && letters[at] != ' ')
            SET_BIT(self->endings, ending_of(self, hash));
    }
}

static void add_anywhere(Search *self, const Py_UCS4 *letters, Py_ssize_t length, int32_t pattern)
{
    uint64_t hash = SEED;
    for (Py_ssize_t at = 0; at < length; at++) {
        hash = STEP(hash, letters[at]);
        int last = at == length - 1;
        add_key(self, hash, last ? pattern : -1, !last);
    }
    if (length == 1)
        SET_BIT(self->singles, letters[0] % LETTERS);
    else
        SET_BIT(self->pairs, PAIR(letters[0], letters[1]));
    int ascii = letters[0] < 0x80;
    if (self->anywhere < 1 + ascii)
        self->anywhere = 1 + ascii;
}

static int is_blank(PyObject *row)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(row);
    return length == 0 || (length == 1 && PyUnicode_READ_CHAR(row, 0) == ' ');
}

static int copy_patterns(Search *self, PyObject *rows)
{
    size_t total = 0, room;
    for (Py_ssize_t at = 0; at < self->count; at++) {
        PyObject *row = PySequence_Fast_GET_ITEM(rows, at);
        if (!PyUnicode_Check(row) || is_blank(row)) {
            PyErr_SetString(PyExc_TypeError, "a pattern is a str, and has more in it than a blank");
            return -1;
        }
        total += PyUnicode_GET_LENGTH(row);
    }
    room = total + 1;
    self->offsets = PyMem_Calloc(self->count + 1, sizeof(size_t));
    self->letters = PyMem_Calloc(room, sizeof(Py_UCS4));
    if (self->offsets == NULL || self->letters == NULL || total > INT32_MAX) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t at = 0; at < self->count; at++) {
        PyObject *row = PySequence_Fast_GET_ITEM(rows, at);
        size_t begin = self->offsets[at];
        if (PyUnicode_AsUCS4(row, self->letters + begin, room - begin, 0) == NULL)
            return -1;
        self->offsets[at + 1] = begin + PyUnicode_GET_LENGTH(row);
    }
    return 0;
}

/* How many keys there are at most, and how many patterns end inside a word. */
static size_t count_keys(const Search *self, size_t *endings)
{
    size_t keys = 0;
    *endings = 0;
    for (Py_ssize_t number = 0; number < self->count; number++) {
        size_t begin = self->offsets[number], end = self->offsets[number + 1];
        int word = self->letters[begin] == ' ';
        for (size_t at = begin + word; at < end; at++)
            keys += !word || self->letters[at] == ' ' || at == end - 1;
        *endings += word && (self->letters[end - 1] != ' ');
    }
    return keys;
}

static int bits_for(size_t items)
{
    int bits = 6;
    while (((size_t)1 << bits) < items)
        bits++;
    return bits;
}

static int make_tables(Search *self)
{
    size_t endings, keys = count_keys(self, &endings);
    self->bits = bits_for(2 * keys + 1);
    self->ending_bits = endings ? bits_for(32 * endings) : 0;
    self->slots = PyMem_Calloc((size_t)1 << self->bits, sizeof(Slot));
    self->endings = PyMem_Calloc(WORDS((size_t)1 << self->ending_bits), sizeof(uint64_t));
    self->pairs = PyMem_Calloc(WORDS(LETTERS), sizeof(uint64_t));
    self->singles = PyMem_Calloc(WORDS(LETTERS), sizeof(uint64_t));
    if (!self->slots || !self->endings || !self->pairs || !self->singles) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t number = 0; number < self->count; number++) {
        const Py_UCS4 *letters = self->letters + self->offsets[number];
        Py_ssize_t length = self->offsets[number + 1] - self->offsets[number];
        (letters[0] == ' ' ? add_word : add_anywhere)(self, letters, length, (int32_t)number);
    }
    return 0;
}

static void search_dealloc(Search *self)
{
    PyMem_Free(self->offsets);
    PyMem_Free(self->letters);
    PyMem_Free(self->slots);
    PyMem_Free(self->endings);
    PyMem_Free(self->pairs);
    PyMem_Free(self->singles);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *search_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    static char *names[] = {"patterns", "max_hits", NULL};
    PyObject *patterns;
    Py_ssize_t max_hits;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "On", names, &patterns, &max_hits))
        return NULL;
    PyObject *rows = PySequence_Fast(patterns, "patterns are a sequence");
    if (rows == NULL)
        return NULL;
    Search *self = (Search *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->count = PySequence_Fast_GET_SIZE(rows);
        self->max_hits = max_hits;
        if (copy_patterns(self, rows) < 0 || make_tables(self) < 0)
            Py_CLEAR(self);
    }
    Py_DECREF(rows);
    return (PyObject *)self;
}

static PyMethodDef search_methods[] = {
    {"find", (PyCFunction)search_find, METH_O, "Every place of every pattern; at most `max_hits` of each."},
    {NULL},
};

PyTypeObject SearchType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.match.native.kernel.Search",
    .tp_basicsize = sizeof(Search),
    .tp_dealloc = (destructor)search_dealloc,
    .tp_methods = search_methods,
    .tp_new = search_new,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Finds every place of every pattern.",
};
