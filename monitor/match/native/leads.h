/* Leads: where something may be found, by the hash of what is there. */
#ifndef NEWS_MONITOR_LEADS_H
#define NEWS_MONITOR_LEADS_H

#include "search.h"

/* text[start:end) has this hash; if it is a short word, of this kind and with these letters, else of kind 0. */
typedef struct {
    uint64_t hash, word;
    int32_t start, end, kind;
} Lead;

/* Leads in the order they came, which are followed from the first on. */
typedef struct {
    Lead *rows;
    Py_ssize_t first, count, room;
} Leads;

/* Where leads come from: the words from text[start] on, up to `at`, have this hash. */
typedef struct {
    uint64_t hash;
    Py_ssize_t start, at;
} Trail;

/* Adds a lead, and fetches what it leads to: until it is followed, the memory has come. */
static ALWAYS_INLINE int add_lead(const Search *self, Leads *leads, Lead lead)
{
    __builtin_prefetch(&self->slots[slot_of(self, lead.hash)]);
    if (leads->count == leads->room && grow((void **)&leads->rows, &leads->room, leads->count + 1, sizeof(Lead)) < 0)
        return -1;
    leads->rows[leads->count++] = lead;
    return 0;
}

/* Is it the first word behind the blank? Only that can be short. */
static ALWAYS_INLINE int is_first(Trail trail)
{
    return trail.at == trail.start + 1;
}

/* May a pattern of one word end inside this one? Where no branch is needed there is none: how long a word is cannot be
 * foreseen. */
static ALWAYS_INLINE int may_end_in(const Search *self, uint64_t hash, Group group)
{
    uint64_t start = hash_letters(hash, group, self->shortest[0]);
    int may = (group.plain >= self->shortest[0]) & BIT(self->starts, bit_of(start, self->start_bits));
    if (group.plain < group.count) {
        start = hash_letters(hash, group, self->shortest[1]);
        may |= (group.count >= self->shortest[1]) & BIT(self->starts, bit_of(start, self->start_bits));
    }
    return may;
}

/* Adds the leads that end inside a word. */
static int add_inner(const Search *self, Leads *leads, Trail trail, Group group)
{
    for (int count = 1; count <= group.count; count++) {
        uint64_t hash = hash_letters(trail.hash, group, count);
        int kind = is_first(trail) && count <= group.plain ? SHORT(count, 0) : 0;
        Lead lead = {hash, lowest(group.low, count), (int32_t)trail.start, (int32_t)(trail.at + count), kind};
        if (BIT(self->endings, bit_of(hash, self->ending_bits)) && add_lead(self, leads, lead) < 0)
            return -1;
    }
    return 0;
}

/* Adds the leads of the word at the end of a trail: what may end in it, and what ends with it. Where it ends, or -1. */
static ALWAYS_INLINE Py_ssize_t add_leads(const Search *self, const Letters *letters, Leads *leads, Trail trail)
{
    Group group = read_group(letters, trail.at);
    uint64_t word = group.low;
    int kind = is_first(trail) && group.count && group.plain == group.count ? SHORT(group.count, 1) : 0;
    int inside = !is_first(trail) || may_end_in(self, trail.hash, group);
    for (;;) {
        if (inside && add_inner(self, leads, trail, group) < 0)
            return -1;
        trail.hash = hash_group(trail.hash, group);
        trail.at += group.count;
        if (group.count < GROUP)
            break;
        group = read_group(letters, trail.at);
        kind = group.count ? 0 : kind;
    }
    Lead lead = {hash_blank(trail.hash), word, (int32_t)trail.start, (int32_t)trail.at + 1, kind};
    return trail.at < letters->length && add_lead(self, leads, lead) < 0 ? -1 : trail.at;
}

#endif
