/* What each server remembers of sessions and tries, told to the others of the same database. A text
 * is a row of words: a letter, a key in hexadecimal, a digit. Keys are digests that only the
 * keyring's owner can make, or of a session's id: they tell nothing to who reads them on the way.
 */
#include "kernel/auth_impl.h"

#include <stdio.h>

enum { HEX = 16, WORD = 1 + HEX + 1 + 1 /* and a blank */ };

void auth_share(struct auth *a, enum auth_word word, uint64_t key, int budget)
{
    if (!a->shares || a->nshare + WORD > DB_TELL_MAX)
        return; /* a storm: what is not told is counted here all the same */
    a->nshare += (size_t)snprintf(a->share + a->nshare, sizeof a->share - a->nshare, "%c%016llx%d ",
                                  (char)word, (unsigned long long)key, budget);
}

void auth_share_step(struct auth *a)
{
    char text[DB_TELL_MAX + 1];
    pthread_mutex_lock(&a->lock);
    const size_t n = a->nshare;
    memcpy(text, a->share, n);
    a->nshare = 0;
    pthread_mutex_unlock(&a->lock);
    text[n] = '\0';
    if (n > 0)
        node_tell(a->node, text);
}

static bool key_read(uint64_t *out, struct str hex)
{
    *out = 0;
    for (size_t i = 0; i < hex.n; i++) {
        const int digit = str_hex_digit(hex.p[i]);
        if (digit < 0)
            return false;
        *out = *out << 4 | (uint64_t)digit;
    }
    return true;
}

void auth_heard(struct auth *a, struct str text)
{
    uint64_t key;
    pthread_mutex_lock(&a->lock);
    while (text.n > 0) {
        const struct str word = str_cut(&text, ' ');
        if (word.n != WORD - 1 || !key_read(&key, (struct str){ word.p + 1, HEX }) || key == 0)
            continue; /* of another version */
        if (word.p[0] == AUTH_WORD_SEEN || word.p[0] == AUTH_WORD_FORGET)
            auth_idle_heard(a, (enum auth_word)word.p[0], key);
        else
            auth_slow_heard(a, (enum auth_word)word.p[0], key, word.p[WORD - 2] - '0');
    }
    pthread_mutex_unlock(&a->lock);
}
