/* Search: every place of every pattern in a folded text, by hashes of words instead of an automaton.
 *
 * Patterns that begin with a blank, which nearly all do, can only begin where a word does. Each word is hashed and
 * looked up; the search goes on into the next word only if some pattern does. Few patterns end inside a word: only in
 * words that begin as one of them does is every letter looked at, with a filter of few bits. All other patterns
 * (scripts without blanks, endings of words) can begin anywhere: their first two letters are filtered, and from there
 * the table knows every beginning of a pattern, so that it is a trie.
 *
 * A hash only says where to look. Every hit is compared letter by letter, so that no text can fake one.
 */
#ifndef NEWS_MONITOR_SEARCH_H
#define NEWS_MONITOR_SEARCH_H

#include "words.h"

#define STEP(hash, letter) (((hash) ^ (letter)) * MULTIPLIER)
#define LETTERS (1 << 16)    /* bits of the filters by letters */

/* A beginning of a pattern, as far as it ends where the text is looked up. */
typedef struct {
    uint64_t word;  /* the letters of a short word, else where they are and, in the upper half, how many */
    uint32_t check; /* the part of the hash that does not say where the slot is */
    int32_t value;  /* 0: empty; else PATTERN * (pattern + 1), 0 if no pattern ends here, and the bits below */
} Slot;

#define MORE 1         /* some pattern goes on */
#define KIND (31 << 1) /* of a short word */
#define MOVED 64       /* something that belongs here lies in one of the next slots */
#define PATTERN 128

/* The kind of a pattern that is a blank and a word of at most eight letters of one byte, with the blank behind it if it
 * is whole. Such a pattern is compared by its slot alone. */
#define SHORT(letters, whole) (((letters) << 1 | (whole)) << 1)

typedef struct {
    PyObject_HEAD
    Py_ssize_t count;
    Py_UCS4 *letters;     /* of all patterns */
    Slot *slots;
    int bits;             /* of the number of slots */
    uint64_t *endings;    /* filter of the hashes of patterns that end inside a word */
    int ending_bits;      /* of its size */
    uint64_t *starts;     /* filter of the hashes of first letters of those of one word, `shortest` of them */
    int start_bits;       /* of its size */
    int shortest[2];      /* at most GROUP, or none is so: of letters of one byte; of others */
    uint64_t *pairs;      /* filter of the first two letters of patterns that begin anywhere */
    uint64_t *singles;    /* of those that are one letter; where all are of one byte, `pairs` has it with each other */
    int anywhere;         /* 0: there are none; 1: only with letters beyond ASCII; 2: also in ASCII */
    Py_ssize_t max_hits;
} Search;

static ALWAYS_INLINE size_t slot_of(const Search *self, uint64_t hash)
{
    return (size_t)(hash >> (64 - self->bits));
}

/* The bit of two letters in a filter: their own if they are of one byte each. */
static ALWAYS_INLINE size_t pair_of(Py_UCS4 one, Py_UCS4 two)
{
    return (one | two) < 0x100 ? one | two << 8 : (one * 0x9E3779B1u ^ two * 0x85EBCA77u) >> 16;
}

/* The bit of a hash in a filter with a number of bits that has so many. */
static ALWAYS_INLINE size_t bit_of(uint64_t hash, int bits)
{
    return (size_t)(hash >> (64 - bits));
}

PyObject *search_find(Search *self, PyObject *text);

#endif
