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
#ifndef NEWS_MONITOR_SEARCH_H
#define NEWS_MONITOR_SEARCH_H

#include "kernel.h"

#define MULTIPLIER UINT64_C(0x9E3779B97F4A7C15)
#define SEED UINT64_C(0x243F6A8885A308D3)
#define STEP(hash, letter) (((hash) ^ (letter)) * MULTIPLIER)
#define ALWAYS_INLINE inline __attribute__((always_inline))
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

static ALWAYS_INLINE size_t slot_of(const Search *self, uint64_t hash)
{
    return (size_t)(hash >> (64 - self->bits));
}

static ALWAYS_INLINE size_t ending_of(const Search *self, uint64_t hash)
{
    return (size_t)(hash >> (64 - self->ending_bits));
}

/* May a pattern that begins with a blank end here, inside a word? */
static ALWAYS_INLINE int may_end(const Search *self, uint64_t hash)
{
    return self->ending_bits && BIT(self->endings, ending_of(self, hash));
}

PyObject *search_find(Search *self, PyObject *text);

#endif
