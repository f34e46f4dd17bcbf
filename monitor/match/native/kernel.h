/* What the parts of the kernel share. See docs/decisions/0016-kernel.md. */
#ifndef NEWS_MONITOR_KERNEL_H
#define NEWS_MONITOR_KERNEL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

/* An occurrence of a pattern: text[start:end). */
typedef struct {
    int32_t pattern, start, end;
} Hit;

/* All occurrences in one text, by where they begin. */
typedef struct {
    PyObject_HEAD
    PyObject *text;
    Hit *hits;
    Py_ssize_t count, room;
    int spaced; /* no letter of a script without blanks between words */
} Found;

/* Rows of numbers, one behind the other: row n is values[starts[n]] up to values[starts[n + 1]]. Empty if all is 0. */
typedef struct {
    int32_t *starts, *values;
    Py_ssize_t rows, size, start_room, room;
} Table;

/* Every number of a row; `at` is declared by it. */
#define EACH(at, table, row) int32_t at = (table).starts[row]; at < (table).starts[(row) + 1]; at++

/* The hits of a text by their patterns. Hits are counted from 1, so that 0 is none: EACH_HIT runs over a pattern's. */
typedef struct {
    const Hit *hits;
    int32_t *first, *next;
    size_t mask;
    int shift;
} Links;

#define EACH_HIT(number, links, pattern) \
    int32_t number = first_hit(&(links), pattern); number; number = (links).next[number - 1]

int link_hits(Links *links, const Found *found);
int32_t first_hit(const Links *links, int32_t pattern);
void unlink_hits(Links *links);

/* The letters of a str. */
typedef struct {
    int kind;
    const void *data;
    Py_ssize_t length;
} Letters;

#define LETTERS_OF(text) ((Letters){PyUnicode_KIND(text), PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text)})
#define LETTER(letters, at) PyUnicode_READ((letters)->kind, (letters)->data, at)

extern PyTypeObject FoundType, SearchType, BoardType, StageType, SignsType, FolderType;

Found *found_new(PyObject *text);

/* A number, or those of an iterable, that are in [0, below), in the row under way. 0, or -1 with an error. */
int table_add(Table *table, int32_t value);
int table_add_all(Table *table, PyObject *numbers, Py_ssize_t below);

/* A further row, or rows, from iterables of such numbers. */
int table_add_row(Table *table, PyObject *numbers, Py_ssize_t below);
int table_add_rows(Table *table, PyObject *rows, Py_ssize_t below);

/* The other way round, into an empty table: rows by the numbers in them, which are all below `numbers`. */
int table_turn(Table *turned, const Table *table, Py_ssize_t numbers);

void table_free(Table *table);

/* Makes room for so many items of a size, and some more. */
int grow(void **items, Py_ssize_t *room, Py_ssize_t needed, size_t size);

static inline int found_add(Found *found, int32_t pattern, int32_t start, int32_t end)
{
    if (found->count == found->room && grow((void **)&found->hits, &found->room, found->count + 1, sizeof(Hit)) < 0)
        return -1;
    found->hits[found->count++] = (Hit){pattern, start, end};
    return 0;
}

#define BIT(bits, number) ((bits)[(number) >> 6] >> ((number) & 63) & 1)
#define SET_BIT(bits, number) ((bits)[(number) >> 6] |= (uint64_t)1 << ((number) & 63))
#define CLEAR_BIT(bits, number) ((bits)[(number) >> 6] &= ~((uint64_t)1 << ((number) & 63)))
#define WORDS(bits) (((bits) + 63) / 64)

#endif
