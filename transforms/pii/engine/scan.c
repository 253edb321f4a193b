/* SPDX-License-Identifier: MIT */
#include "scan_ways.h"

const struct pii_scan_way *pii_scan_way(size_t which)
{
    static const struct pii_scan_way *const ways[] = {
        &pii_scan_plain,
#if defined(__x86_64__)
        &pii_scan_avx2,
        &pii_scan_avx512,
#endif
    };
    return which < sizeof(ways) / sizeof(ways[0]) ? ways[which] : NULL;
}

pii_scan_fn *pii_scan_choose(bool all)
{
    const struct pii_scan_way *best = &pii_scan_plain, *way;
    for (size_t i = 0; (way = pii_scan_way(i)) != NULL; i++)
        if (way->runs_here())
            best = way;
    return all ? best->all : best->sharp;
}
