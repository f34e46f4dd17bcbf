/* What a search does with a text. */
#include "leads.h"

#define BLOCK 32             /* leads to follow together */
#define FOLLOWED 256         /* leads that may lie behind */
#define FIRST_UNSPACED 0xE00 /* no script before Thai leaves out blanks */

static int is_at(const Search *self, uint64_t place, const Letters *letters, Py_ssize_t start, Py_ssize_t end)
{
    const Py_UCS4 *wanted = self->letters + (uint32_t)place;
    Py_ssize_t length = place >> 32;
    if (length != end - start)
        return 0;
    for (Py_ssize_t at = 0; at < length; at++)
        if (LETTER(letters, start + at) != wanted[at])
            return 0;
    return 1;
}

static ALWAYS_INLINE int is_pattern(const Search *self, const Slot *slot, const Letters *letters, const Lead *lead)
{
    if (slot->value & KIND)
        return slot->word == lead->word && (slot->value & KIND) == lead->kind;
    return slot->value >= PATTERN && is_at(self, slot->word, letters, lead->start, lead->end);
}

/* Adds the pattern that a lead leads to, if there is one. 1 if some pattern may go on, 0 if none does, -1: error.
 *
 * What says that some go on lies in the first slot of their hash, and so not behind the pattern. */
static ALWAYS_INLINE int look_up(const Search *self, Found *found, const Letters *letters, const Lead *lead)
{
    size_t mask = ((size_t)1 << self->bits) - 1, home = slot_of(self, lead->hash);
    int more = 0;
    for (size_t at = home; self->slots[at].value; at = (at + 1) & mask) {
        const Slot *slot = &self->slots[at];
        if (slot->check == (uint32_t)lead->hash) {
            more |= slot->value & MORE;
            if (is_pattern(self, slot, letters, lead))
                return found_add(found, slot->value / PATTERN - 1, lead->start, lead->end) < 0 ? -1 : more;
        }
        if (at == home && !(slot->value & MOVED))
            break;
    }
    return more;
}

/* Those of the next `count` leads that may lead to something; how many. No branch asks, for none could be foreseen. */
static ALWAYS_INLINE int pick(const Search *self, const Lead *leads, int count, int *picked)
{
    int picks = 0;
    for (int at = 0; at < count; at++) {
        const Slot *slot = &self->slots[slot_of(self, leads[at].hash)];
        picked[picks] = at;
        picks += (slot->check == (uint32_t)leads[at].hash) | ((slot->value & MOVED) != 0);
    }
    for (int at = 0; at < picks; at++) {
        const Slot *slot = &self->slots[slot_of(self, leads[picked[at]].hash)];
        __builtin_prefetch(self->letters + (slot->value & KIND ? 0 : (uint32_t)slot->word));
    }
    return picks;
}

/* Forgets leads that were followed. */
static void drop(Leads *leads)
{
    leads->count -= leads->first;
    memmove(leads->rows, leads->rows + leads->first, leads->count * sizeof(Lead));
    leads->first = 0;
}

/* Follows the next leads; those that go on into a further word add some. */
static ALWAYS_INLINE int follow(const Search *self, Found *found, const Letters *letters, Leads *leads, int count)
{
    int picked[BLOCK], picks = pick(self, leads->rows + leads->first, count, picked);
    for (int at = 0; at < picks; at++) {
        Lead lead = leads->rows[leads->first + picked[at]];
        int more = look_up(self, found, letters, &lead);
        if (more < 0)
            return -1;
        if (more && LETTER(letters, lead.end - 1) == ' ' &&
            add_leads(self, letters, leads, (Trail){lead.hash, lead.start, lead.end}) < 0)
            return -1;
    }
    leads->first += count;
    if (leads->first >= FOLLOWED)
        drop(leads);
    return 0;
}

static ALWAYS_INLINE int follow_all(const Search *self, Found *found, const Letters *letters, Leads *leads)
{
    while (leads->first < leads->count) {
        Py_ssize_t count = leads->count - leads->first;
        if (follow(self, found, letters, leads, count < BLOCK ? (int)count : BLOCK) < 0)
            return -1;
    }
    return 0;
}

/* Looks for patterns that begin with a blank. */
static ALWAYS_INLINE int search_words(const Search *self, Found *found, const Letters *letters, Leads *leads)
{
    Py_ssize_t start = 0;
    while (start < letters->length && LETTER(letters, start) != ' ')
        start++;
    while (start < letters->length) {
        start = add_leads(self, letters, leads, (Trail){SEED, start, start + 1});
        if (start < 0)
            return -1;
        while (leads->count - leads->first >= BLOCK)
            if (follow(self, found, letters, leads, BLOCK) < 0)
                return -1;
    }
    return follow_all(self, found, letters, leads);
}

/* Looks for patterns that begin with the letter at `start`, and not with a blank. */
static ALWAYS_INLINE int search_from(const Search *self, Found *found, const Letters *letters, Py_ssize_t start)
{
    uint64_t hash = STEP(SEED, LETTER(letters, start));
    int32_t end = (int32_t)start + 1;
    if (look_up(self, found, letters, &(Lead){hash, 0, (int32_t)start, end, 0}) < 0)
        return -1;
    for (int more = 1; more && end < letters->length;) {
        hash = STEP(hash, LETTER(letters, end));
        more = look_up(self, found, letters, &(Lead){hash, 0, (int32_t)start, ++end, 0});
        if (more < 0)
            return -1;
    }
    return 0;
}

/* Looks for patterns that begin anywhere. */
static ALWAYS_INLINE int search_everywhere(const Search *self, Found *found, const Letters *letters)
{
    for (Py_ssize_t at = 0; at < letters->length; at++) {
        Py_UCS4 one = LETTER(letters, at), two = at + 1 < letters->length ? LETTER(letters, at + 1) : 0;
        int may = BIT(self->pairs, pair_of(one, two)) ||
                  (letters->kind != PyUnicode_1BYTE_KIND && BIT(self->singles, one % LETTERS));
        if (may && search_from(self, found, letters, at) < 0)
            return -1;
    }
    return 0;
}

static int compare(const void *one, const void *other)
{
    const Hit *left = one, *right = other;
    return left->start != right->start ? (left->start > right->start) - (left->start < right->start)
                                       : (left->end > right->end) - (left->end < right->end);
}

/* Sorts hits that stand nearly where they belong: those of several words were found a little late. */
static void sort_late(Found *found)
{
    Py_ssize_t moves = 0;
    for (Py_ssize_t at = 1; at < found->count && moves <= BLOCK * found->count; at++) {
        Hit hit = found->hits[at];
        Py_ssize_t place = at;
        for (; place && compare(&found->hits[place - 1], &hit) > 0; place--)
            found->hits[place] = found->hits[place - 1];
        found->hits[place] = hit;
        moves += at - place;
    }
    if (moves > BLOCK * found->count)
        qsort(found->hits, found->count, sizeof(Hit), compare);
}

static ALWAYS_INLINE int search_all(const Search *self, Found *found, const Letters *letters, int anywhere)
{
    Leads leads = {0};
    int failed = search_words(self, found, letters, &leads);
    PyMem_Free(leads.rows);
    if (failed < 0)
        return -1;
    Py_ssize_t words = found->count;
    if (anywhere && search_everywhere(self, found, letters) < 0)
        return -1;
    if (found->count == words)
        sort_late(found);
    else if (found->count)
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
