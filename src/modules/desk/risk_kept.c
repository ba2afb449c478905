#include "modules/desk/risk_kept.h"

#include <pthread.h>
#include <string.h>

enum { ID_SIZE = 36 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept {
    const void *node;
    int64_t found_us;
    char order[ID_SIZE];
    int level;
} risks[DESK_RISKS_KEPT];

static struct kept *place_of(const void *node, struct str order)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ (uintptr_t)node; /* FNV-1a */
    for (size_t i = 0; i < order.n; i++)
        h = (h ^ (unsigned char)order.p[i]) * UINT64_C(1099511628211);
    return &risks[(h >> 20) % DESK_RISKS_KEPT];
}

static bool holds(const struct kept *k, const void *node, struct str order)
{
    return k->node == node && order.n == ID_SIZE && memcmp(k->order, order.p, ID_SIZE) == 0;
}

bool desk_risk_kept(int *level, int64_t *found_us, const void *node, struct str order)
{
    pthread_mutex_lock(&lock);
    const struct kept *k = place_of(node, order);
    const bool found = holds(k, node, order);
    if (found) {
        *level = k->level;
        *found_us = k->found_us;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

void desk_risk_keep(const void *node, struct str order, int level, int64_t now_us)
{
    if (order.n != ID_SIZE)
        return;
    pthread_mutex_lock(&lock);
    struct kept *k = place_of(node, order);
    k->node = node;
    k->found_us = now_us;
    k->level = level;
    memcpy(k->order, order.p, ID_SIZE);
    pthread_mutex_unlock(&lock);
}
