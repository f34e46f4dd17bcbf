/* Signs and Stage: the hits by which an article meets a query, as they are published.
 *
 * Signs knows the variants that are shown as they stand: nothing to check, one alias. A Stage is an article before
 * them; asked for a query whose signals are raised by others too, or of which hits overlap so that somebody has to
 * choose, it says None, and Python works it out.
 */
#include "kernel.h"

enum { TERM, KIND, CONCEPT, LANGUAGE, TOLD };
enum { TEXTS = 3 };

typedef struct {
    int32_t pattern;
    int left, right; /* shown up to the border of the word */
    PyObject *told;  /* term, kind, concept, language */
} Sign;

typedef struct {
    PyObject_HEAD
    PyTypeObject *hit;  /* the named tuple that is made */
    PyObject *fields;   /* names of title, summary, body */
    Py_ssize_t count, max_hits;
    Sign *signs;
    Table anywhere;     /* signs by signal */
    Table titled;       /* those whose hits raise it in the title only */
    uint64_t *others;   /* signals that are raised by more than these */
} Signs;

typedef struct {
    PyObject_HEAD
    Signs *signs;
    Found *found;
    Links links;
    PyObject *original;
    Py_buffer offsets;               /* by folded letter, its place in the original */
    Py_ssize_t borders[TEXTS - 1];   /* where title and summary end, in the folded text */
    Py_ssize_t shifts[TEXTS];        /* where the texts begin in the original */
} Stage;

/* A hit in the joined original. */
typedef struct {
    Py_ssize_t start, end;
    const Sign *sign;
    PyObject *clause;
    int field;
} Shown;

typedef struct {
    Shown *rows;
    Py_ssize_t count, room;
} Scene;

/* ---- making ---- */

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
    table_free(&self->anywhere);
    table_free(&self->titled);
    PyMem_Free(self->others);
    Py_XDECREF(self->hit);
    Py_XDECREF(self->fields);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *signs_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    static char *names[] = {"hit", "fields", "signs", "anywhere", "titled", "others", "max_hits", NULL};
    PyObject *hit, *fields, *signs, *anywhere, *titled, *others;
    Py_ssize_t max_hits;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "O!O!OOOOn", names, &PyType_Type, &hit, &PyTuple_Type, &fields,
                                     &signs, &anywhere, &titled, &others, &max_hits))
        return NULL;
    if (!PyType_IsSubtype((PyTypeObject *)hit, &PyTuple_Type) || PyTuple_GET_SIZE(fields) != TEXTS || max_hits < 0) {
        PyErr_SetString(PyExc_TypeError, "a hit is a named tuple, there are three fields, and hits are counted");
        return NULL;
    }
    Signs *self = (Signs *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->hit = (PyTypeObject *)Py_NewRef(hit);
    self->fields = Py_NewRef(fields);
    self->max_hits = max_hits;
    if (add_signs(self, signs) < 0 || table_add_rows(&self->anywhere, anywhere, self->count) < 0 ||
        table_add_rows(&self->titled, titled, self->count) < 0 || add_others(self, others) < 0)
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

static int read_places(PyObject *numbers, Py_ssize_t *places, Py_ssize_t count)
{
    PyObject *every = PySequence_Tuple(numbers);
    if (every == NULL)
        return -1;
    if (PyTuple_GET_SIZE(every) < count)
        PyErr_Format(PyExc_ValueError, "%zd places", count);
    for (Py_ssize_t at = 0; !PyErr_Occurred() && at < count; at++)
        places[at] = PyLong_AsSsize_t(PyTuple_GET_ITEM(every, at));
    Py_DECREF(every);
    return PyErr_Occurred() ? -1 : 0;
}

static void stage_dealloc(Stage *self)
{
    Py_XDECREF(self->signs);
    Py_XDECREF(self->found);
    Py_XDECREF(self->original);
    if (self->offsets.obj)
        PyBuffer_Release(&self->offsets);
    unlink_hits(&self->links);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

/* Are there as many offsets as letters, and one more? */
static int fits(const Stage *self)
{
    const Py_ssize_t *offsets = self->offsets.buf;
    Py_ssize_t count = self->offsets.len / (Py_ssize_t)sizeof(Py_ssize_t), length = PyUnicode_GET_LENGTH(self->original);
    return self->offsets.itemsize == sizeof(Py_ssize_t) && count == PyUnicode_GET_LENGTH(self->found->text) + 1 &&
           offsets[0] >= 0 && offsets[count - 1] == length;
}

static PyObject *stage_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    static char *names[] = {"signs", "found", "original", "offsets", "borders", "shifts", NULL};
    PyObject *signs, *found, *original, *offsets, *borders, *shifts;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "O!O!UOOO", names, &SignsType, &signs, &FoundType, &found,
                                     &original, &offsets, &borders, &shifts))
        return NULL;
    Stage *self = (Stage *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->signs = (Signs *)Py_NewRef(signs);
    self->found = (Found *)Py_NewRef(found);
    self->original = Py_NewRef(original);
    if (PyObject_GetBuffer(offsets, &self->offsets, PyBUF_C_CONTIGUOUS) < 0 ||
        read_places(borders, self->borders, TEXTS - 1) < 0 || read_places(shifts, self->shifts, TEXTS) < 0 ||
        link_hits(&self->links, self->found) < 0)
        Py_CLEAR(self);
    else if (!fits(self)) {
        PyErr_SetString(PyExc_ValueError, "these are no offsets of the folded text");
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

/* ---- showing ---- */

/* Marks of direction and of places to break a line: those of monitor/match/invisible.py. */
static int is_unseen(Py_UCS4 letter)
{
    return letter == 0xAD || letter == 0x34F || letter == 0x61C || letter == 0x180E || letter == 0x200B ||
           letter == 0x200E || letter == 0x200F || letter == 0xFEFF || (letter >= 0x202A && letter <= 0x202E) ||
           (letter >= 0x2060 && letter <= 0x206F);
}

/* A place of the original, whatever an offset says. */
static Py_ssize_t within(const Stage *self, Py_ssize_t place)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(self->original);
    return place < 0 ? 0 : place > length ? length : place;
}

/* A hit up to what is shown of it, in the original: never half of a letter that was folded into several. */
static void span_hit(const Stage *self, const Sign *sign, const Hit *hit, Shown *shown)
{
    const Py_ssize_t *offsets = self->offsets.buf;
    Letters letters = LETTERS_OF(self->found->text);
    Py_ssize_t start = hit->start, end = hit->end;
    start += LETTER(&letters, start) == ' ';
    end -= LETTER(&letters, end - 1) == ' ';
    while (sign->left && start > 0 && LETTER(&letters, start - 1) != ' ')
        start--;
    while (sign->right && end < letters.length && LETTER(&letters, end) != ' ')
        end++;
    Py_ssize_t last = offsets[end - 1];
    while (end < letters.length && offsets[end] == last)
        end++;
    shown->start = within(self, offsets[start]);
    shown->end = within(self, offsets[end]);
    while (shown->end > shown->start + 1 && is_unseen(PyUnicode_READ_CHAR(self->original, shown->end - 1)))
        shown->end--;
}

static int add_hits(const Stage *self, Scene *scene, const Table *signs, int32_t signal, PyObject *clause)
{
    for (EACH(at, *signs, signal)) {
        const Sign *sign = &self->signs->signs[signs->values[at]];
        for (EACH_HIT(number, self->links, sign->pattern)) {
            const Hit *hit = &self->found->hits[number - 1];
            if (signs == &self->signs->titled && hit->end > self->borders[0])
                continue;
            if (grow((void **)&scene->rows, &scene->room, scene->count + 1, sizeof(Shown)) < 0)
                return -1;
            Shown *shown = &scene->rows[scene->count++];
            shown->sign = sign;
            shown->clause = clause;
            shown->field = (hit->start >= self->borders[0]) + (hit->start >= self->borders[1]);
            span_hit(self, sign, hit, shown);
        }
    }
    return 0;
}

/* All hits of what a query shows; 1 if Python has to tell them. */
static int fill_scene(const Stage *self, Scene *scene, PyObject *wanted)
{
    PyObject *key, *row;
    Py_ssize_t place = 0;
    while (PyDict_Next(wanted, &place, &key, &row)) {
        long signal = PyLong_Check(key) ? PyLong_AsLong(key) : -1; /* of other keys reading runs Python code */
        if (signal < 0 || signal >= self->signs->anywhere.rows || !PyTuple_Check(row) || PyTuple_GET_SIZE(row) < 1) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "wanted are rows that begin with a clause, by signal");
            return -1;
        }
        if (BIT(self->signs->others, signal))
            return 1;
        PyObject *clause = PyTuple_GET_ITEM(row, 0);
        if (add_hits(self, scene, &self->signs->anywhere, (int32_t)signal, clause) < 0 ||
            add_hits(self, scene, &self->signs->titled, (int32_t)signal, clause) < 0)
            return -1;
    }
    return 0;
}

static int compare(const void *one, const void *other)
{
    Py_ssize_t left = ((const Shown *)one)->start, right = ((const Shown *)other)->start;
    return (left > right) - (left < right);
}

static int overlap(const Scene *scene)
{
    for (Py_ssize_t at = 1; at < scene->count; at++)
        if (scene->rows[at].start < scene->rows[at - 1].end)
            return 1;
    return 0;
}

/* Letters before `end` that JavaScript counts as two. Nothing is read beyond the text, whatever the offsets are. */
static Py_ssize_t count_wide(PyObject *text, Py_ssize_t start, Py_ssize_t end)
{
    Py_ssize_t count = 0, length = PyUnicode_GET_LENGTH(text);
    start = start < 0 ? 0 : start;
    end = end > length ? length : end;
    if (PyUnicode_KIND(text) == PyUnicode_4BYTE_KIND)
        for (Py_ssize_t at = start; at < end; at++)
            count += PyUnicode_4BYTE_DATA(text)[at] > 0xFFFF;
    return count;
}

static PyObject *make_hit(const Stage *self, const Shown *shown)
{
    Py_ssize_t shift = self->shifts[shown->field];
    Py_ssize_t start = shown->start - shift, end = shown->end - shift;
    Py_ssize_t before = count_wide(self->original, shift, shown->start);
    Py_ssize_t within = count_wide(self->original, shown->start, shown->end);
    PyObject *told = shown->sign->told, *hit = self->signs->hit->tp_alloc(self->signs->hit, 10);
    if (hit == NULL)
        return NULL;
    PyTuple_SET_ITEM(hit, 0, Py_NewRef(PyTuple_GET_ITEM(self->signs->fields, shown->field)));
    PyTuple_SET_ITEM(hit, 1, PyLong_FromSsize_t(start));
    PyTuple_SET_ITEM(hit, 2, PyLong_FromSsize_t(end));
    PyTuple_SET_ITEM(hit, 3, Py_BuildValue("(nn)", start + before, end + before + within));
    PyTuple_SET_ITEM(hit, 4, PyUnicode_Substring(self->original, shown->start, shown->end));
    for (int at = TERM; at < TOLD; at++)
        PyTuple_SET_ITEM(hit, 5 + at, Py_NewRef(PyTuple_GET_ITEM(told, at)));
    PyTuple_SET_ITEM(hit, 9, Py_NewRef(shown->clause));
    if (PyErr_Occurred())
        Py_CLEAR(hit);
    return hit;
}

static PyObject *make_hits(const Stage *self, const Scene *scene)
{
    Py_ssize_t count = scene->count < self->signs->max_hits ? scene->count : self->signs->max_hits;
    PyObject *hits = PyTuple_New(count);
    for (Py_ssize_t at = 0; hits && at < count; at++) {
        PyObject *hit = make_hit(self, &scene->rows[at]);
        if (hit == NULL)
            Py_CLEAR(hits);
        else
            PyTuple_SET_ITEM(hits, at, hit);
    }
    return hits;
}

static PyObject *stage_show(Stage *self, PyObject *wanted)
{
    if (!PyDict_Check(wanted)) {
        PyErr_SetString(PyExc_TypeError, "wanted is a dict");
        return NULL;
    }
    Scene scene = {0};
    PyObject *result = NULL;
    int told = fill_scene(self, &scene, wanted);
    if (told == 0) {
        if (scene.count > 1)
            qsort(scene.rows, scene.count, sizeof(Shown), compare);
        told = overlap(&scene);
    }
    if (told == 1)
        result = Py_NewRef(Py_None);
    else if (told == 0)
        result = Py_BuildValue("(Nn)", make_hits(self, &scene), scene.count);
    PyMem_Free(scene.rows);
    return result;
}

static PyMethodDef stage_methods[] = {
    {"show", (PyCFunction)stage_show, METH_O,
     "show(wanted): the hits of these signals, and how many there are; None if Python has to tell."},
    {NULL},
};

PyTypeObject StageType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.match.native.kernel.Stage",
    .tp_basicsize = sizeof(Stage),
    .tp_dealloc = (destructor)stage_dealloc,
    .tp_methods = stage_methods,
    .tp_new = stage_new,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "An article, to show the hits of queries in.",
};
