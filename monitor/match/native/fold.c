/* Folder: the fold table applied letter by letter, with the place of each folded letter in the original.
 *
 * Letters and marks that join, marks that go after joining, and flags are left to Python: the answer is None. Nearly no
 * text has them.
 */
#include "kernel.h"

/* An entry of the table, monitor/match/folding/table.py: a plain one of no class is no more than its value. */
#define VALUE 0x1FFFFFu
#define CLASS_OF(entry) ((entry) >> 21 & 7)
#define SECOND (1u << 24)
#define TRANSIENT (1u << 25)
#define DELETED (1u << 26)
#define EXPANDED (1u << 27)
#define FIRST_OF(pair) ((uint32_t)((pair) >> 21))
#define SIZE 0x110000
#define BLANK 0x20
#define FLAG 7
#define NO_CLASS 8 /* of a blank: no border is beside it */

typedef struct {
    PyObject_HEAD
    Py_buffer entries, starts, expanded, pairs;
    uint64_t *hosts; /* letters that some mark may join */
} Folder;

typedef struct {
    Py_UCS4 *letters;
    Py_ssize_t *places;
    Py_ssize_t count, letter_room, place_room;
    uint32_t class; /* of the last letter */
} Output;

enum { FAILED = -1, DONE = 0, GIVEN_UP = 1 };
enum { MOST = 2 }; /* letters that one becomes: itself, and a blank before it */

static int make_room(Output *output, Py_ssize_t more)
{
    if (grow((void **)&output->letters, &output->letter_room, output->count + more, sizeof(Py_UCS4)) < 0 ||
        grow((void **)&output->places, &output->place_room, output->count + more, sizeof(Py_ssize_t)) < 0)
        return FAILED;
    return DONE;
}

static inline void append(Output *output, Py_UCS4 letter, Py_ssize_t place)
{
    output->letters[output->count] = letter;
    output->places[output->count++] = place;
}

static int joins(const Folder *self, Py_UCS4 host, Py_UCS4 mark)
{
    const uint64_t *pairs = self->pairs.buf, wanted = (uint64_t)host << 21 | mark;
    Py_ssize_t low = 0, high = self->pairs.len / (Py_ssize_t)sizeof(uint64_t);
    if (host >= SIZE || !BIT(self->hosts, host))
        return 0;
    while (low < high) {
        Py_ssize_t middle = low + (high - low) / 2;
        if (pairs[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low < self->pairs.len / (Py_ssize_t)sizeof(uint64_t) && pairs[low] == wanted;
}

/* A letter that is no expansion: blanks of a run as one, and one between scripts. */
static inline int put(const Folder *self, Output *output, uint32_t entry, Py_ssize_t place)
{
    uint32_t value = entry & VALUE, class = CLASS_OF(entry);
    if (output->count + MOST > output->place_room && make_room(output, MOST) < 0)
        return FAILED;
    if (entry & DELETED)
        return DONE;
    if (value == BLANK) {
        if (output->letters[output->count - 1] != BLANK)
            append(output, BLANK, place);
        output->class = NO_CLASS;
        return DONE;
    }
    if (entry & TRANSIENT || class == FLAG ||
        (entry & SECOND && joins(self, output->letters[output->count - 1], value)))
        return GIVEN_UP;
    if (class != output->class && output->class != NO_CLASS)
        append(output, BLANK, place);
    output->class = class;
    append(output, value, place);
    return DONE;
}

static int put_expanded(const Folder *self, Output *output, uint32_t entry, Py_ssize_t place)
{
    const Py_ssize_t *starts = self->starts.buf;
    const uint32_t *expanded = self->expanded.buf;
    Py_ssize_t row = entry & VALUE;
    int told = DONE;
    for (Py_ssize_t at = starts[row]; told == DONE && at < starts[row + 1]; at++)
        told = put(self, output, expanded[at], place);
    return told;
}

/* Letters of no class that ask for nothing, up to the first other one: where that is. There is room for all.
 *
 * Every letter is written, and a further blank of a run written over by what follows: a branch for each would cost more
 * than all the rest.
 */
static inline Py_ssize_t put_plain(const uint32_t *entries, Output *output, const Letters *letters, Py_ssize_t at)
{
    Py_ssize_t count = output->count;
    uint32_t entry, last = output->letters[count - 1];
    for (; at < letters->length && (entry = entries[LETTER(letters, at)]) <= VALUE; at++) {
        output->letters[count] = entry;
        output->places[count] = at;
        count += (entry != BLANK) | (last != BLANK);
        last = entry;
    }
    output->count = count;
    output->class = output->letters[count - 1] == BLANK ? NO_CLASS : 0;
    return at;
}

/* The text, from one blank to another, and the closing place behind it. */
static inline int fold_letters(const Folder *self, Output *output, const Letters *letters)
{
    const uint32_t *entries = self->entries.buf;
    output->class = NO_CLASS;
    if (make_room(output, 1) < 0)
        return FAILED;
    append(output, BLANK, 0);
    for (Py_ssize_t at = 0; at < letters->length; at++) {
        if (make_room(output, letters->length - at + MOST) < 0)
            return FAILED;
        if (output->class == 0 || output->class == NO_CLASS)
            at = put_plain(entries, output, letters, at);
        if (at == letters->length)
            break;
        uint32_t entry = entries[LETTER(letters, at)];
        int told = entry & EXPANDED ? put_expanded(self, output, entry, at) : put(self, output, entry, at);
        if (told != DONE)
            return told;
    }
    if (make_room(output, MOST) < 0)
        return FAILED;
    if (output->letters[output->count - 1] != BLANK)
        append(output, BLANK, letters->length);
    output->places[output->count] = letters->length;
    return DONE;
}

/* One loop for each width of letters. */
static int fold_text(const Folder *self, Output *output, PyObject *text)
{
    Letters letters = LETTERS_OF(text);
    if (letters.kind == PyUnicode_1BYTE_KIND)
        return fold_letters(self, output, &(Letters){PyUnicode_1BYTE_KIND, letters.data, letters.length});
    if (letters.kind == PyUnicode_2BYTE_KIND)
        return fold_letters(self, output, &(Letters){PyUnicode_2BYTE_KIND, letters.data, letters.length});
    return fold_letters(self, output, &(Letters){PyUnicode_4BYTE_KIND, letters.data, letters.length});
}

static PyObject *folder_fold(Folder *self, PyObject *text)
{
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a text is a str");
        return NULL;
    }
    Output output = {0};
    PyObject *result = NULL;
    int told = fold_text(self, &output, text);
    if (told == GIVEN_UP)
        result = Py_NewRef(Py_None);
    else if (told == DONE)
        result = Py_BuildValue("(Ny#)", PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, output.letters, output.count),
                               (const char *)output.places, (output.count + 1) * (Py_ssize_t)sizeof(Py_ssize_t));
    PyMem_Free(output.letters);
    PyMem_Free(output.places);
    return result;
}

/* ---- making ---- */

static int take(PyObject *array, Py_buffer *buffer, Py_ssize_t size)
{
    if (PyObject_GetBuffer(array, buffer, PyBUF_C_CONTIGUOUS) < 0)
        return -1;
    if (buffer->itemsize == size)
        return 0;
    PyErr_Format(PyExc_ValueError, "numbers of %zd bytes", size);
    return -1;
}

/* Does every number of the table lead to where something is? */
static int holds(const Folder *self)
{
    const uint32_t *entries = self->entries.buf;
    const Py_ssize_t *starts = self->starts.buf;
    Py_ssize_t rows = self->starts.len / (Py_ssize_t)sizeof(Py_ssize_t) - 1;
    Py_ssize_t letters = self->expanded.len / (Py_ssize_t)sizeof(uint32_t);
    if (self->entries.len / (Py_ssize_t)sizeof(uint32_t) != SIZE || rows < 0)
        return 0;
    for (Py_ssize_t at = 0; at < SIZE; at++)
        if (entries[at] & EXPANDED && (Py_ssize_t)(entries[at] & VALUE) >= rows)
            return 0;
    for (Py_ssize_t row = 0; row < rows; row++)
        if (starts[row] < 0 || starts[row] > starts[row + 1] || starts[row + 1] > letters)
            return 0;
    return 1;
}

static int mark_hosts(Folder *self)
{
    const uint64_t *pairs = self->pairs.buf;
    self->hosts = PyMem_Calloc(WORDS(SIZE), sizeof(uint64_t));
    if (self->hosts == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t at = 0; at < self->pairs.len / (Py_ssize_t)sizeof(uint64_t); at++)
        if (FIRST_OF(pairs[at]) < SIZE)
            SET_BIT(self->hosts, FIRST_OF(pairs[at]));
    return 0;
}

static void folder_dealloc(Folder *self)
{
    Py_buffer *buffers[] = {&self->entries, &self->starts, &self->expanded, &self->pairs};
    for (size_t at = 0; at < sizeof buffers / sizeof *buffers; at++)
        PyBuffer_Release(buffers[at]);
    PyMem_Free(self->hosts);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *folder_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    static char *names[] = {"entries", "starts", "expanded", "pairs", NULL};
    PyObject *entries, *starts, *expanded, *pairs;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "OOOO", names, &entries, &starts, &expanded, &pairs))
        return NULL;
    Folder *self = (Folder *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    if (take(entries, &self->entries, sizeof(uint32_t)) < 0 || take(starts, &self->starts, sizeof(Py_ssize_t)) < 0 ||
        take(expanded, &self->expanded, sizeof(uint32_t)) < 0 || take(pairs, &self->pairs, sizeof(uint64_t)) < 0)
        Py_CLEAR(self);
    else if (!holds(self)) {
        PyErr_SetString(PyExc_ValueError, "this is no table of folding");
        Py_CLEAR(self);
    }
    else if (mark_hosts(self) < 0)
        Py_CLEAR(self);
    return (PyObject *)self;
}

static PyMethodDef folder_methods[] = {
    {"fold", (PyCFunction)folder_fold, METH_O,
     "The folded text, and where each letter comes from as native numbers; None if Python has to fold it."},
    {NULL},
};

PyTypeObject FolderType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.match.native.kernel.Folder",
    .tp_basicsize = sizeof(Folder),
    .tp_dealloc = (destructor)folder_dealloc,
    .tp_methods = folder_methods,
    .tp_new = folder_new,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Folds texts by a table.",
};
