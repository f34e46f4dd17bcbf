/* What a search does with a text. */
#include "search.h"

#define BLOCK 32             /* places to look at together */
#define FIRST_UNSPACED 0xE00 /* no script before Thai leaves out blanks */

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
static ALWAYS_INLINE int look_up(const Search *self, uint64_t hash, Found *found, const Letters *letters,
                                 Py_ssize_t start, Py_ssize_t end)
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

/* The first pattern that a hash may be of, or -1. */
static ALWAYS_INLINE int32_t guess(const Search *self, uint64_t hash)
{
    Slot slot = self->slots[slot_of(self, hash)];
    return slot.check == (uint32_t)hash ? slot.value / 2 - 1 : -1;
}

/* Fetches what the leads are going to be compared with. */
static ALWAYS_INLINE void fetch(const Search *self, const Leads *leads)
{
    for (int at = 0; at < leads->count; at++) {
        int32_t pattern = guess(self, leads->rows[at].hash);
        if (pattern >= 0)
            __builtin_prefetch(&self->offsets[pattern]);
    }
    for (int at = 0; at < leads->count; at++) {
        int32_t pattern = guess(self, leads->rows[at].hash);
        if (pattern >= 0)
            __builtin_prefetch(&self->letters[self->offsets[pattern]]);
    }
}

static ALWAYS_INLINE int follow(const Search *self, Found *found, const Letters *letters, Leads *leads)
{
    fetch(self, leads);
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

PyObject *search_find(Search *self, PyObject *text)
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
