/* The queries of a rule set by the signals that meet them. */
#ifndef NEWS_MONITOR_BOARD_H
#define NEWS_MONITOR_BOARD_H

#include "kernel.h"

/* Two rows of `sides`, with at most so many words between, in this order if it is `ordered`. */
typedef struct {
    int32_t left, right, words, ordered;
} Near;

/* What is asked of a query beyond its anchor, as numbers in a row, so that it is read from one place in memory:
 *
 *     query, tested, nears, first near, banned, groups, [size, signals] for what is banned and for each group
 */
enum { QUERY, TESTED, NEARS, FIRST_NEAR, BANNED, GROUPS, HEAD };

typedef struct {
    PyObject_HEAD
    Py_ssize_t signals, queries;
    Table plain;    /* signals by pattern: raised by any hit */
    Table titled;   /* by pattern: raised by a hit in the title */
    Table patterns; /* by signal, those that raise it in any text */
    Table anchored; /* by signal, the queries that are worth a look: places in `asks`, or ~query if it decides */
    Table asks;     /* one row */
    Table sides;    /* signals */
    Near *near;
    Py_ssize_t near_count, near_room;
    /* Room for one article, empty between two calls: bits by signal and by query, lists of those looked at. */
    uint64_t *raised, *looked, *sure, *asked;
    int32_t *heard, *seen, *picked;
} Board;

/* Does it hold? UNKNOWN where Python has to tell. */
typedef enum { NO, YES, UNKNOWN } Answer;

/* An article before a board. */
typedef struct {
    const Found *found;
    Py_ssize_t title_end;
    Table others; /* signals beside those of the hits, in one row */
    Links links;  /* empty until places are asked for */
    Py_ssize_t heard, seen, candidates, asked;
} Article;

PyObject *board_judge(Board *self, PyObject *const *arguments, Py_ssize_t count);
PyObject *board_pick(Board *self, PyObject *const *arguments, Py_ssize_t count);
PyObject *board_candidates(Board *self, PyObject *const *arguments, Py_ssize_t count);

/* All Nears that are asked of a query together. */
Answer judge_nears(const Board *self, Article *article, const int32_t *asks);

#endif
