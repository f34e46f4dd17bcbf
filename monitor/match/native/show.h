/* Signs and Stage: the hits by which an article meets a query, as they are published.
 *
 * Signs knows the variants that are shown as they stand: nothing to check, one alias. A Stage is an article before
 * them. It is asked by cards: a watch, its version, and the signals that it shows, as bytes, with the clause of each.
 * For a query whose signals are raised by other variants too, or of which hits overlap so that somebody has to choose,
 * the answer is None, and Python works it out.
 */
#ifndef NEWS_MONITOR_SHOW_H
#define NEWS_MONITOR_SHOW_H

#include "kernel.h"

enum { TERM, KIND, CONCEPT, LANGUAGE, TOLD };
enum { WATCH, VERSION, SIGNALS, CLAUSES, CARD };
enum { TEXTS = 3, HIT = 10, MATCH = 5 };

typedef struct {
    int32_t pattern;
    int left, right; /* shown up to the border of the word */
    PyObject *told;  /* term, kind, concept, language */
} Sign;

typedef struct {
    PyObject_HEAD
    PyTypeObject *hit, *match; /* the named tuples that are made */
    PyObject *fields;   /* names of title, summary, body */
    PyObject *unseen;   /* letters that nobody sees: no hit is shown to end with one */
    Py_ssize_t count, max_hits;
    Sign *signs;
    Table raised;       /* signals by pattern: what any variant of it may raise */
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
    uint64_t *raised;                /* bits by signal */
} Stage;

#endif
