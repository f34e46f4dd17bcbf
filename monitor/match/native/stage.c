/* Stage: an article, and the hits by which it meets queries. */
#include "show.h"

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
    PyMem_Free(self->raised);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

/* Are there as many offsets as letters, and one more? */
static int fits(const Stage *self)
{
    const Py_ssize_t *offsets = self->offsets.buf;
    Py_ssize_t count = self->offsets.len / (Py_ssize_t)sizeof(Py_ssize_t);
    Py_ssize_t length = PyUnicode_GET_LENGTH(self->original);
    return self->offsets.itemsize == sizeof(Py_ssize_t) && count == PyUnicode_GET_LENGTH(self->found->text) + 1 &&
           offsets[0] >= 0 && offsets[count - 1] == length;
}

/* Marks what the hits raise, if they count. */
static int mark_raised(Stage *self)
{
    const Table *rows = &self->signs->raised;
    self->raised = PyMem_Calloc(WORDS(self->signs->anywhere.rows) + 1, sizeof(uint64_t));
    if (self->raised == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t at = 0; at < self->found->count; at++) {
        int32_t pattern = self->found->hits[at].pattern;
        if (pattern >= rows->rows) {
            PyErr_SetString(PyExc_ValueError, "these hits are of another search");
            return -1;
        }
        for (EACH(row, *rows, pattern))
            SET_BIT(self->raised, rows->values[row]);
    }
    return 0;
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
        link_hits(&self->links, self->found) < 0 || mark_raised(self) < 0)
        Py_CLEAR(self);
    else if (!fits(self)) {
        PyErr_SetString(PyExc_ValueError, "these are no offsets of the folded text");
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

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

/* Does a slice of the original end with a letter that nobody sees? */
static int ends_unseen(const Stage *self, Py_ssize_t end)
{
    Py_UCS4 letter = PyUnicode_READ_CHAR(self->original, end - 1);
    PyObject *unseen = self->signs->unseen;
    return letter > 0x7F && PyUnicode_FindChar(unseen, letter, 0, PyUnicode_GET_LENGTH(unseen), 1) >= 0;
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
    while (shown->end > shown->start + 1 && ends_unseen(self, shown->end))
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

/* All hits of the signals of a card; 1 if Python has to tell them. */
static int fill_scene(const Stage *self, Scene *scene, PyObject *card)
{
    PyObject *bytes = PyTuple_GET_ITEM(card, SIGNALS), *clauses = PyTuple_GET_ITEM(card, CLAUSES);
    const int32_t *signals = (const int32_t *)PyBytes_AS_STRING(bytes);
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(clauses); at++) {
        if (signals[at] < 0 || signals[at] >= self->signs->anywhere.rows) {
            PyErr_SetString(PyExc_ValueError, "a card of other signals");
            return -1;
        }
        if (!BIT(self->raised, signals[at]))
            continue;
        if (BIT(self->signs->others, signals[at]))
            return 1;
        PyObject *clause = PyTuple_GET_ITEM(clauses, at);
        if (add_hits(self, scene, &self->signs->anywhere, signals[at], clause) < 0 ||
            add_hits(self, scene, &self->signs->titled, signals[at], clause) < 0)
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

/* A tuple of a class of its own, to be filled. */
static PyObject *new_tuple(PyTypeObject *type, Py_ssize_t size)
{
    PyObject *tuple = type->tp_alloc(type, size);
#if PY_VERSION_HEX >= 0x030E0000
    if (tuple)
        ((PyTupleObject *)tuple)->ob_hash = -1; /* it is all zeros, and 0 would be taken for a hash that is known */
#endif
    return tuple;
}

static PyObject *make_hit(const Stage *self, const Shown *shown)
{
    Py_ssize_t shift = self->shifts[shown->field];
    Py_ssize_t start = shown->start - shift, end = shown->end - shift;
    Py_ssize_t before = count_wide(self->original, shift, shown->start);
    Py_ssize_t within = count_wide(self->original, shown->start, shown->end);
    PyObject *told = shown->sign->told, *hit = new_tuple(self->signs->hit, HIT);
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

static PyObject *make_match(const Stage *self, const Scene *scene, PyObject *card)
{
    PyObject *match = new_tuple(self->signs->match, MATCH);
    if (match == NULL)
        return NULL;
    PyTuple_SET_ITEM(match, 0, Py_NewRef(PyTuple_GET_ITEM(card, WATCH)));
    PyTuple_SET_ITEM(match, 1, Py_NewRef(PyTuple_GET_ITEM(card, VERSION)));
    PyTuple_SET_ITEM(match, 2, make_hits(self, scene));
    PyTuple_SET_ITEM(match, 3, PyLong_FromSsize_t(scene->count));
    PyTuple_SET_ITEM(match, 4, PyTuple_New(0));
    if (PyErr_Occurred())
        Py_CLEAR(match);
    return match;
}

static int is_card(PyObject *card)
{
    if (!PyTuple_Check(card) || PyTuple_GET_SIZE(card) != CARD)
        return 0;
    PyObject *signals = PyTuple_GET_ITEM(card, SIGNALS), *clauses = PyTuple_GET_ITEM(card, CLAUSES);
    return PyBytes_Check(signals) && PyTuple_Check(clauses) &&
           PyBytes_GET_SIZE(signals) == PyTuple_GET_SIZE(clauses) * (Py_ssize_t)sizeof(int32_t);
}

static PyObject *show_card(const Stage *self, Scene *scene, PyObject *card)
{
    if (!is_card(card)) {
        PyErr_SetString(PyExc_TypeError, "a card is (watch, version, signals, clauses)");
        return NULL;
    }
    scene->count = 0;
    int told = fill_scene(self, scene, card);
    if (told < 0)
        return NULL;
    if (scene->count > 1)
        qsort(scene->rows, scene->count, sizeof(Shown), compare);
    return told || overlap(scene) ? Py_NewRef(Py_None) : make_match(self, scene, card);
}

static PyObject *stage_show(Stage *self, PyObject *cards)
{
    PyObject *every = PySequence_Fast(cards, "cards are a sequence");
    if (every == NULL)
        return NULL;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(every);
    PyObject *matches = PyList_New(count);
    Scene scene = {0};
    for (Py_ssize_t at = 0; matches && at < count; at++) {
        PyObject *card = PySequence_Fast_GET_ITEM(every, at);
        PyObject *match = card == Py_None ? Py_NewRef(Py_None) : show_card(self, &scene, card);
        if (match == NULL)
            Py_CLEAR(matches);
        else
            PyList_SET_ITEM(matches, at, match);
    }
    PyMem_Free(scene.rows);
    Py_DECREF(every);
    return matches;
}

static PyMethodDef stage_methods[] = {
    {"show", (PyCFunction)stage_show, METH_O,
     "show(cards): a match for each, or None if Python has to tell. So it is for a card that is None."},
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
