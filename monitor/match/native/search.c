/* Search: every place of every pattern in a folded text, by hashes of words instead of an automaton.
 *
 * Patterns that begin with a blank, which nearly all do, can only begin where a word does. From there the text is
 * hashed letter by letter, and looked up where the word ends; it goes on into the next word only if some pattern
 * does, as it does with those that end inside a word only if a filter of few bits says that one may end there. All
 * other patterns (scripts without blanks, endings of words) can begin anywhere: their first two letters are filtered,
 * and from there the table knows every beginning of a pattern, so that it is a trie.
 *
 * A hash only says where to look. Every hit is compared letter by letter, so that no text can fake one.
 */
#include "kernel.h"

#define MULTIPLIER UINT64_C(0x9E3779B97F4A7C15)
#define SEED UINT64_C(0x243F6A8885A308D3)
#define STEP(hash, letter) (((hash) ^ (letter)) * MULTIPLIER)
#define FIRST_UNSPACED 0xE00 /* no script before Thai leaves out blanks */
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define BLOCK 32             /* places to look at together */
#define LETTERS (1 << 16)    /* bits of the filters by letters */
#define PAIR(one, two) ((((uint32_t)(one) * 0x9E3779B1u) ^ ((uint32_t)(two) * 0x85EBCA77u)) >> 16)

/* A beginning of a pattern, as far as it ends where the text is looked up. */
typedef struct {
    uint32_t check; /* the part of the hash that does not say where the slot is */
    int32_t value;  /* 0: empty; else 2 * (pattern + 1), 0 if no pattern ends here, and 1 if some go on */
} Slot;

typedef struct {
    PyObject_HEAD
    Py_ssize_t count;
    size_t *offsets; /* pattern n is letters[offsets[n]] up to letters[offsets[n + 1]] */
    Py_UCS4 *letters;
    Slot *slots;
    int bits;             /* of the number of slots */
    uint64_t *endings;    /* filter of the hashes of patterns that end inside a word */
    int ending_bits;      /* of its size; 0: there are none */
    uint64_t *pairs;      /* filter of the first two letters of patterns that begin anywhere */
    uint64_t *singles;    /* of those that are one letter */
    int anywhere;         /* 0: there are none; 1: only with letters beyond ASCII; 2: also in ASCII */
    Py_ssize_t max_hits;
} Search;

static size_t slot_of(const Search *self, uint64_t hash)
{
    return (size_t)(hash >> (64 - self->bits));
}

static size_t ending_of(const Search *self, uint64_t hash)
{
    return (size_t)(hash >> (64 - self->ending_bits));
}

/* May a pattern that begins with a blank end here, inside a word? */
static ALWAYS_INLINE int may_end(const Search *self, uint64_t hash)
{
    return self->ending_bits && BIT(self->endings, ending_of(self, hash));
}

/* ---- making ---- */

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

/* ---- searching ---- */

static int is_at(const Search *self, int32_t pattern, const Letters *letters, Py_ssize_t start)
{
    const Py_UCS4 *wanted = self->letters + self->offsets[pattern];
    Py_ssize_t length = self->offsets[pattern + 1] - self->offsets[pattern];
    for (Py_ssize_t at = 0; at < length; at++)
        if (LETTER(letters, start + at) != wanted[at])
            return 0;
    return 1;
}

/* Adds the pattern that is text[start:end), if there is one. 1 if some pattern may go on, 0 if none does, -1: error. */
static ALWAYS_INLINE int look_up(const Search *self, uint64_t hash, Found *found, const Letters *letters, Py_ssize_t start,
                          Py_ssize_t end)
{
    size_t mask = ((size_t)1 << self->bits) - 1;
    int more = 0;
    for (size_t at = slot_of(self, hash); self->slots[at].value; at = (at + 1) & mask) {
        Slot slot = self->slots[at];
        if (slot.check != (uint32_t)hash)
            continue;
        more |= slot.value & 1;
        int32_t pattern = slot.value / 2 - 1;
        if (pattern < 0 || (Py_ssize_t)(self->offsets[pattern + 1] - self->offsets[pattern]) != end - start)
            continue;
        if (is_at(self, pattern, letters, start) &&
            found_add(found, pattern, (int32_t)start, (int32_t)end) < 0)
            return -1;
    }
    return more;
}

/* Where something may be found, looked up when there is a block of them: until then the memory has come. */
typedef struct {
    uint64_t hash;
    Py_ssize_t start, end;
} Lead;

typedef struct {
    Lead rows[BLOCK];
    int count;
} Leads;

/* Looks for patterns that begin at `start` and go on behind the blank before `at`. */
static ALWAYS_INLINE int search_on(const Search *self, Found *found, const Letters *letters, Py_ssize_t start,
                                   Py_ssize_t at, uint64_t hash)
{
    for (; at < letters->length; at++) {
        Py_UCS4 letter = LETTER(letters, at);
        hash = STEP(hash, letter);
        if (letter == ' ') {
            int more = look_up(self, hash, found, letters, start, at + 1);
            if (more <= 0)
                return more;
        }
        else if (may_end(self, hash) && look_up(self, hash, found, letters, start, at + 1) < 0)
            return -1;
    }
    return 0;
}

static ALWAYS_INLINE int follow(const Search *self, Found *found, const Letters *letters, Leads *leads)
{
    for (int at = 0; at < leads->count; at++) {
        Lead lead = leads->rows[at];
        int more = look_up(self, lead.hash, found, letters, lead.start, lead.end);
        if (more > 0 && LETTER(letters, lead.end - 1) == ' ')
            more = search_on(self, found, letters, lead.start, lead.end, lead.hash);
        if (more < 0)
            return -1;
    }
    leads->count = 0;
    return 0;
}

static ALWAYS_INLINE int add_lead(const Search *self, Found *found, const Letters *letters, Leads *leads, Lead lead)
{
    __builtin_prefetch(&self->slots[slot_of(self, lead.hash)]);
    leads->rows[leads->count++] = lead;
    return leads->count == BLOCK ? follow(self, found, letters, leads) : 0;
}

/* Looks for patterns that begin with a blank: what may end in the first word, and what ends with it. */
static ALWAYS_INLINE int search_words(const Search *self, Found *found, const Letters *letters)
{
    Leads leads = {.count = 0};
    Py_ssize_t start = 0;
    while (start < letters->length && LETTER(letters, start) != ' ')
        start++;
    for (Py_ssize_t at; start < letters->length; start = at) {
        uint64_t hash = STEP(SEED, ' ');
        for (at = start + 1; at < letters->length && LETTER(letters, at) != ' '; at++) {
            hash = STEP(hash, LETTER(letters, at));
            if (may_end(self, hash) && add_lead(self, found, letters, &leads, (Lead){hash, start, at + 1}) < 0)
                return -1;
        }
        if (at < letters->length &&
            add_lead(self, found, letters, &leads, (Lead){STEP(hash, ' '), start, at + 1}) < 0)
            return -1;
    }
    return follow(self, found, letters, &leads);
}

/* Looks for patterns that begin with the letter at `start`, which is no blank. */
static ALWAYS_INLINE int search_from(const Search *self, Found *found, const Letters *letters, Py_ssize_t start)
{
    Py_UCS4 first = LETTER(letters, start);
    int paired = start + 1 < letters->length && BIT(self->pairs, PAIR(first, LETTER(letters, start + 1)));
    if (!paired && !BIT(self->singles, first % LETTERS))
        return 0;
    uint64_t hash = SEED;
    int more = 1;
    for (Py_ssize_t at = start; more > 0 && at < letters->length; at++) {
        hash = STEP(hash, LETTER(letters, at));
        more = look_up(self, hash, found, letters, start, at + 1);
    }
    return more;
}

static int compare(const void *one, const void *other)
{
    const Hit *left = one, *right = other;
    return left->start != right->start ? (left->start > right->start) - (left->start < right->start)
                                       : (left->end > right->end) - (left->end < right->end);
}

static ALWAYS_INLINE int search_all(const Search *self, Found *found, const Letters *letters, int anywhere)
{
    if (search_words(self, found, letters) < 0)
        return -1;
    Py_ssize_t words = found->count;
    for (Py_ssize_t at = 0; anywhere && at < letters->length; at++)
        if (LETTER(letters, at) != ' ' && search_from(self, found, letters, at) < 0)
            return -1;
    if (words && found->count > words)
        qsort(found->hits, found->count, sizeof(Hit), compare);
    return 0;
}

/* Keeps the first places of every pattern, so that no one of them crowds the others out. */
static int bound_hits(const Search *self, Found *found)
{
    int32_t *counts = PyMem_Calloc(self->count, sizeof(int32_t));
    Py_ssize_t kept = 0;
    if (counts == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t at = 0; at < found->count; at++)
        if (counts[found->hits[at].pattern]++ < self->max_hits)
            found->hits[kept++] = found->hits[at];
    found->count = kept;
    PyMem_Free(counts);
    return 0;
}

/* Has a text no letter of a script without blanks between words? */
static int is_spaced(PyObject *text)
{
    if (PyUnicode_KIND(text) == PyUnicode_1BYTE_KIND)
        return 1;
    const void *data = PyUnicode_DATA(text);
    Py_UCS4 highest = 0;
    for (Py_ssize_t at = 0; at < PyUnicode_GET_LENGTH(text); at++) {
        Py_UCS4 letter = PyUnicode_READ(PyUnicode_KIND(text), data, at);
        highest = letter > highest ? letter : highest;
    }
    return highest < FIRST_UNSPACED;
}

static PyObject *search_find(Search *self, PyObject *text)
{
    if (!PyUnicode_Check(text) || PyUnicode_GET_LENGTH(text) > INT32_MAX) {
        PyErr_SetString(PyExc_TypeError, "a text is a str of less than 2**31 characters");
        return NULL;
    }
    Found *found = found_new(text);
    if (found == NULL)
        return NULL;
    found->spaced = is_spaced(text);
    Letters letters = LETTERS_OF(text);
    int anywhere = self->anywhere > (PyUnicode_IS_ASCII(text) ? 1 : 0);
    int failed;
    /* One loop for each width of letters, which the compiler makes of the same text. */
    if (letters.kind == PyUnicode_1BYTE_KIND)
        failed = search_all(self, found, &(Letters){PyUnicode_1BYTE_KIND, letters.data, letters.length}, anywhere);
    else if (letters.kind == PyUnicode_2BYTE_KIND)
        failed = search_all(self, found, &(Letters){PyUnicode_2BYTE_KIND, letters.data, letters.length}, anywhere);
    else
        failed = search_all(self, found, &(Letters){PyUnicode_4BYTE_KIND, letters.data, letters.length}, anywhere);
    if (failed < 0 || (found->count > self->max_hits && bound_hits(self, found) < 0))
        Py_CLEAR(found);
    return (PyObject *)found;
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
