/* Words by hashes, eight letters at a time.
 *
 * The hash of a beginning is a hint and no proof: whoever finds something by it compares the letters.
 */
#ifndef NEWS_MONITOR_WORDS_H
#define NEWS_MONITOR_WORDS_H

#include "kernel.h"
#include <string.h>

#define MULTIPLIER UINT64_C(0x9E3779B97F4A7C15)
#define OTHER_MULTIPLIER UINT64_C(0xD6E8FEB86659FD93)
#define SEED UINT64_C(0x243F6A8885A308D3)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define GROUP 8 /* letters */
#define BLANKS UINT64_C(0x2020202020202020)
#define ONES UINT64_C(0x0101010101010101)

/* Up to eight letters of a word: their lowest bytes, the first one lowest, and what is above those. */
typedef struct {
    uint64_t low, high;
    int count;
    int plain; /* how many of them, from the first on, are of one byte */
} Group;

static ALWAYS_INLINE uint64_t lowest(uint64_t bytes, unsigned count)
{
    return bytes & (((UINT64_C(1) << 8 * (count % GROUP)) - 1) | -(uint64_t)(count / GROUP));
}

/* The letters from `at` on, up to the next blank. */
static ALWAYS_INLINE Group read_group(const Letters *letters, Py_ssize_t at)
{
    Group group = {0};
    if (PY_LITTLE_ENDIAN && letters->kind == PyUnicode_1BYTE_KIND && at + GROUP <= letters->length) {
        memcpy(&group.low, (const char *)letters->data + at, GROUP);
        uint64_t others = group.low ^ BLANKS;
        uint64_t blank = (others - ONES) & ~others & ONES << 7; /* the lowest bit that is set is that of a blank */
        group.plain = group.count = blank ? __builtin_ctzll(blank) / 8 : GROUP;
        group.low = lowest(group.low, group.count);
        return group;
    }
    for (; group.count < GROUP && at < letters->length && LETTER(letters, at) != ' '; at++, group.count++) {
        uint64_t letter = LETTER(letters, at);
        group.low |= (letter & 0xFF) << 8 * group.count;
        group.high ^= letter >> 8 << 8 * group.count;
        group.plain += letter <= 0xFF && group.plain == group.count;
    }
    return group;
}

static ALWAYS_INLINE uint64_t mix(uint64_t hash, uint64_t number)
{
    hash = (hash ^ number) * MULTIPLIER;
    return hash ^ hash >> 29;
}

/* The hash of a beginning and the first letters of the group behind it, one at least. */
static ALWAYS_INLINE uint64_t hash_letters(uint64_t hash, Group group, int count)
{
    return mix(hash, lowest(group.low, count) ^ lowest(group.high, count) * OTHER_MULTIPLIER);
}

/* The same with the whole group, which may be empty. */
static ALWAYS_INLINE uint64_t hash_group(uint64_t hash, Group group)
{
    return group.count ? hash_letters(hash, group, group.count) : hash;
}

/* The same with the blank behind a word. */
static ALWAYS_INLINE uint64_t hash_blank(uint64_t hash)
{
    return mix(hash, ' ');
}

#endif
