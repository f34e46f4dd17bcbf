/* The tables of a search, made of its patterns. */
#include "search.h"

/* A pattern among the letters of all. */
typedef struct {
    Letters letters;
    int32_t number;
} Pattern;

static Pattern pattern_at(const Search *self, const size_t *offsets, Py_ssize_t number)
{
    Py_ssize_t length = offsets[number + 1] - offsets[number];
    return (Pattern){{PyUnicode_4BYTE_KIND, self->letters + offsets[number], length}, (int32_t)number};
}

/* Does a pattern begin where a word does? */
static int begins_word(const Pattern *pattern)
{
    return LETTER(&pattern->letters, 0) == ' ';
}

static int ends_inside(const Pattern *pattern)
{
    return begins_word(pattern) && LETTER(&pattern->letters, pattern->letters.length - 1) != ' ';
}

/* The slot for something: that of a beginning with the same hash if one of them says no more than that some patterns go
 * on, else the next that is empty. What is found by it is compared anyway. */
static Slot *free_slot(const Search *self, uint64_t hash, int32_t value)
{
    size_t mask = ((size_t)1 << self->bits) - 1;
    size_t at = slot_of(self, hash);
    for (; self->slots[at].value; at = (at + 1) & mask)
        if (self->slots[at].check == (uint32_t)hash && (value == MORE || (self->slots[at].value & ~MOVED) == MORE))
            break;
    return &self->slots[at];
}

/* Notes that a beginning with this hash is a pattern, `value` being its number and kind, or that some go on. */
static void add_key(Search *self, uint64_t hash, int32_t value, uint64_t word)
{
    Slot *slot = free_slot(self, hash, value), *home = &self->slots[slot_of(self, hash)];
    slot->check = (uint32_t)hash;
    slot->value |= value;
    slot->word |= word;
    if (slot != home)
        home->value |= MOVED;
}

/* Notes a pattern that is compared letter by letter. */
static void add_long(Search *self, uint64_t hash, const Pattern *pattern)
{
    uint64_t place = (const Py_UCS4 *)pattern->letters.data - self->letters;
    add_key(self, hash, (pattern->number + 1) * PATTERN, (uint64_t)pattern->letters.length << 32 | place);
}

/* Hashes the word at `at`; where it ends. */
static Py_ssize_t hash_word(uint64_t *hash, const Letters *letters, Py_ssize_t at)
{
    Group group;
    do {
        group = read_group(letters, at);
        *hash = hash_group(*hash, group);
        at += group.count;
    } while (group.count == GROUP);
    return at;
}

/* Notes a pattern that begins with a blank; `end` is where its last word ends, and `hash` of all of it. */
static void add_last(Search *self, uint64_t hash, const Pattern *pattern, Py_ssize_t end)
{
    const Letters *letters = &pattern->letters;
    Group group = read_group(letters, 1);
    int whole = end < letters->length;
    if (group.count && group.plain == group.count && 1 + group.count == end)
        add_key(self, hash, (pattern->number + 1) * PATTERN | SHORT(group.count, whole), group.low);
    else
        add_long(self, hash, pattern);
}

/* Notes how a pattern of one word begins. */
static void add_start(Search *self, Group group)
{
    uint64_t start = hash_letters(SEED, group, self->shortest[group.plain < group.count]);
    SET_BIT(self->starts, bit_of(start, self->start_bits));
}

static void add_word(Search *self, const Pattern *pattern)
{
    const Letters *letters = &pattern->letters;
    uint64_t hash = SEED;
    for (Py_ssize_t at = 1, end; at < letters->length; at = end + 1) {
        end = hash_word(&hash, letters, at);
        if (end == letters->length) {
            SET_BIT(self->endings, bit_of(hash, self->ending_bits));
            if (at == 1)
                add_start(self, read_group(letters, at));
        }
        else
            hash = hash_blank(hash);
        if (end + 1 < letters->length)
            add_key(self, hash, MORE, 0);
        else
            add_last(self, hash, pattern, end);
    }
}

static void add_single(Search *self, Py_UCS4 letter)
{
    SET_BIT(self->singles, letter % LETTERS);
    for (Py_UCS4 next = 0; letter <= 0xFF && next <= 0xFF; next++)
        SET_BIT(self->pairs, pair_of(letter, next));
}

static void add_anywhere(Search *self, const Pattern *pattern)
{
    const Letters *letters = &pattern->letters;
    uint64_t hash = SEED;
    for (Py_ssize_t at = 0; at < letters->length; at++) {
        hash = STEP(hash, LETTER(letters, at));
        if (at && at < letters->length - 1) /* the filter knows beginnings of one letter */
            add_key(self, hash, MORE, 0);
    }
    add_long(self, hash, pattern);
    Py_UCS4 first = LETTER(letters, 0);
    if (letters->length > 1)
        SET_BIT(self->pairs, pair_of(first, LETTER(letters, 1)));
    else
        add_single(self, first);
    int ascii = first < 0x80;
    if (self->anywhere < 1 + ascii)
        self->anywhere = 1 + ascii;
}

static int is_blank(PyObject *row)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(row);
    return length == 0 || (length == 1 && PyUnicode_READ_CHAR(row, 0) == ' ');
}

static int has_letters(PyObject *row)
{
    if (PyUnicode_Check(row) && !is_blank(row))
        return 1;
    PyErr_SetString(PyExc_TypeError, "a pattern is a str, and has more in it than a blank");
    return 0;
}

/* Copies the letters of all patterns; where each begins, and where the last one ends. */
static size_t *copy_patterns(Search *self, PyObject *rows)
{
    size_t *offsets = PyMem_Calloc(self->count + 1, sizeof(size_t));
    for (Py_ssize_t at = 0; offsets && at < self->count; at++) {
        PyObject *row = PySequence_Fast_GET_ITEM(rows, at);
        if (!has_letters(row)) {
            PyMem_Free(offsets);
            return NULL;
        }
        offsets[at + 1] = offsets[at] + PyUnicode_GET_LENGTH(row);
    }
    size_t total = offsets ? offsets[self->count] : 0;
    self->letters = PyMem_Calloc(total + 1, sizeof(Py_UCS4));
    if (offsets == NULL || self->letters == NULL || total > INT32_MAX || self->count >= INT32_MAX / PATTERN) {
        PyErr_NoMemory();
        PyMem_Free(offsets);
        return NULL;
    }
    for (Py_ssize_t at = 0; at < self->count; at++)
        PyUnicode_AsUCS4(PySequence_Fast_GET_ITEM(rows, at), self->letters + offsets[at], total + 1 - offsets[at], 0);
    return offsets;
}

/* How many keys there are at most, and how many patterns end inside a word. */
static size_t count_keys(const Search *self, const size_t *offsets, size_t *endings)
{
    size_t keys = 0;
    *endings = 0;
    for (Py_ssize_t number = 0; number < self->count; number++) {
        Pattern pattern = pattern_at(self, offsets, number);
        int word = begins_word(&pattern);
        for (Py_ssize_t at = word; at < pattern.letters.length; at++)
            keys += !word || LETTER(&pattern.letters, at) == ' ' || at == pattern.letters.length - 1;
        *endings += ends_inside(&pattern);
    }
    return keys;
}

/* How short the words are in which patterns of one word end, up to a group. */
static void find_shortest(Search *self, const size_t *offsets)
{
    self->shortest[0] = self->shortest[1] = GROUP + 1;
    for (Py_ssize_t number = 0; number < self->count; number++) {
        Pattern pattern = pattern_at(self, offsets, number);
        if (!ends_inside(&pattern))
            continue;
        Group group = read_group(&pattern.letters, 1);
        int *shortest = &self->shortest[group.plain < group.count];
        if ((1 + group.count == pattern.letters.length || group.count == GROUP) && group.count < *shortest)
            *shortest = group.count;
    }
}

static int bits_for(size_t items)
{
    int bits = 6;
    while (((size_t)1 << bits) < items)
        bits++;
    return bits;
}

static int make_tables(Search *self, const size_t *offsets)
{
    size_t endings, keys = count_keys(self, offsets, &endings);
    find_shortest(self, offsets);
    self->bits = bits_for(2 * keys + 1);
    self->ending_bits = bits_for(32 * endings);
    self->start_bits = bits_for(16 * endings);
    self->slots = PyMem_Calloc((size_t)1 << self->bits, sizeof(Slot));
    self->endings = PyMem_Calloc(WORDS((size_t)1 << self->ending_bits), sizeof(uint64_t));
    self->starts = PyMem_Calloc(WORDS((size_t)1 << self->start_bits), sizeof(uint64_t));
    self->pairs = PyMem_Calloc(WORDS(LETTERS), sizeof(uint64_t));
    self->singles = PyMem_Calloc(WORDS(LETTERS), sizeof(uint64_t));
    if (!self->slots || !self->endings || !self->starts || !self->pairs || !self->singles) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t number = 0; number < self->count; number++) {
        Pattern pattern = pattern_at(self, offsets, number);
        (begins_word(&pattern) ? add_word : add_anywhere)(self, &pattern);
    }
    return 0;
}

/* Takes over the patterns. */
static int take(Search *self, PyObject *rows)
{
    size_t *offsets = copy_patterns(self, rows);
    int failed = offsets == NULL || make_tables(self, offsets) < 0;
    PyMem_Free(offsets);
    return failed ? -1 : 0;
}

static void search_dealloc(Search *self)
{
    PyMem_Free(self->letters);
    PyMem_Free(self->slots);
    PyMem_Free(self->endings);
    PyMem_Free(self->starts);
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
        if (take(self, rows) < 0)
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
