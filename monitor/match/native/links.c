/* The hits of each pattern in a chain, found by a small table of hashes. */
#include "kernel.h"

static size_t slot_of(const Links *links, int32_t pattern)
{
    return ((uint32_t)pattern * 0x9E3779B1u) >> links->shift;
}

int link_hits(Links *links, const Found *found)
{
    int bits = 3;
    while (((Py_ssize_t)1 << bits) < 2 * found->count)
        bits++;
    links->shift = 32 - bits;
    links->mask = ((size_t)1 << bits) - 1;
    links->hits = found->hits;
    links->first = PyMem_Calloc((size_t)1 << bits, sizeof(int32_t));
    links->next = PyMem_Calloc(found->count + 1, sizeof(int32_t));
    if (links->first == NULL || links->next == NULL) {
        unlink_hits(links);
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t at = found->count; at-- > 0;) {
        size_t slot = slot_of(links, found->hits[at].pattern);
        while (links->first[slot] && found->hits[links->first[slot] - 1].pattern != found->hits[at].pattern)
            slot = (slot + 1) & links->mask;
        links->next[at] = links->first[slot];
        links->first[slot] = (int32_t)at + 1;
    }
    return 0;
}

int32_t first_hit(const Links *links, int32_t pattern)
{
    size_t slot = slot_of(links, pattern);
    while (links->first[slot] && links->hits[links->first[slot] - 1].pattern != pattern)
        slot = (slot + 1) & links->mask;
    return links->first[slot];
}

void unlink_hits(Links *links)
{
    PyMem_Free(links->first);
    PyMem_Free(links->next);
    links->first = links->next = NULL;
}
