/* What sealing costs, an event and a field: bench_seal [SUBJECTS].
 *
 * A keyring with so many patients (10,000) of ten organisations, in /tmp; texts of 12 bytes (a
 * name) and of 1,000 (a reason). Sealed and opened by one thread, then by four at once; patients
 * are drawn by chance, so that no slot stays in the processor's cache. And what it costs to renew
 * the key of an organisation, which each erasure does, and to make a patient's key, which is one
 * sync of the disk. The machine's load stands beside the figures, for it decides them. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/lib/people.h"
#include "kernel/seal.h"

enum { ORGANISATIONS = 10, FIELDS = 20000, THREADS_MAX = 4, LONG = 1000 };

static struct keyring *keys;
static long nsubjects = 10000;

static void die(const struct err *e)
{
    fprintf(stderr, "bench_seal: %s %s\n", e->code, e->detail);
    exit(1);
}

static double now(void)
{
    return (double)env_mono(&env_system) / 1e6;
}

static struct str subject_of(char text[40], long n)
{
    const int length = snprintf(text, 40, "00000000-0000-8000-a000-%012ld", n);
    return (struct str){ text, (size_t)length };
}

static struct str organisation_of(char text[40], long n)
{
    const int length = snprintf(text, 40, "organisation-%ld", n % ORGANISATIONS);
    return (struct str){ text, (size_t)length };
}

struct work {
    size_t bytes;
    uint64_t chance;
    double seal_us, open_us; /* a field */
};

static void *run(void *context)
{
    struct work *w = context;
    struct arena *arena = arena_new(128 << 20);
    struct str *sealed = malloc(FIELDS * sizeof *sealed);
    char plain[LONG], text[40];
    struct err e = { 0 };
    memset(plain, 'x', sizeof plain);
    const double begin = now();
    for (int i = 0; i < FIELDS; i++) {
        w->chance = w->chance * UINT64_C(6364136223846793005) + 1;
        const long who = (long)((w->chance >> 33) % (uint64_t)nsubjects);
        if (seal_text(keys, &sealed[i], subject_of(text, who), S("0193a5c0-1111-7000"), S("family"),
                      (struct str){ plain, w->bytes }, arena, &e) != OK)
            die(&e);
    }
    const double middle = now();
    for (int i = 0; i < FIELDS; i++) {
        struct str out;
        if (seal_open(keys, &out, S("0193a5c0-1111-7000"), S("family"), sealed[i], arena, &e) != OK)
            die(&e);
    }
    w->seal_us = (middle - begin) * 1e6 / FIELDS;
    w->open_us = (now() - middle) * 1e6 / FIELDS;
    free(sealed);
    arena_free(arena);
    return NULL;
}

static void measure(int threads, size_t bytes)
{
    pthread_t thread[THREADS_MAX];
    struct work work[THREADS_MAX];
    double seal = 0, open = 0;
    for (int i = 0; i < threads; i++) {
        work[i] = (struct work){ .bytes = bytes, .chance = (uint64_t)i + 1 };
        if (pthread_create(&thread[i], NULL, run, &work[i]) != 0)
            exit(1);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(thread[i], NULL);
        seal += work[i].seal_us / threads;
        open += work[i].open_us / threads;
    }
    printf("%d thread%s  %4zu bytes  seal %6.1f us  open %6.1f us a field\n", threads,
           threads > 1 ? "s" : " ", bytes, seal, open);
}

static void make_all(const struct keyring_options *options)
{
    struct err e = { 0 };
    char a[40], b[40];
    if (keyring_open(&keys, options, &e) != OK)
        die(&e);
    const double begin = now();
    for (long i = 0; i < nsubjects; i++)
        if (keyring_subject(keys, subject_of(a, i), organisation_of(b, i), &e) != OK)
            die(&e);
    printf("making a patient's key    %8.1f us, a sync of the disk in it\n",
           (now() - begin) * 1e6 / (double)nsubjects);
}

static void renew(void)
{
    struct err e = { 0 };
    char text[40];
    int64_t moved;
    const double begin = now();
    if (keyring_destroy(keys, subject_of(text, 0), &e) != OK ||
        keyring_renew(keys, (struct str){ 0 }, &moved, &e) != OK)
        die(&e);
    printf("erasing one of %ld        %8.1f ms, %lld keys wrapped anew\n", nsubjects,
           (now() - begin) * 1e3, (long long)moved);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/vein-bench-seal-XXXXXX", base[64], path[80], root[80];
    double load = 0;
    if (argc > 1)
        nsubjects = strtol(argv[1], NULL, 10);
    if (nsubjects < 1 || !mkdtemp(folder))
        return 1;
    snprintf(base, sizeof base, "%s/db", folder);
    snprintf(path, sizeof path, "%s.keys", base);
    snprintf(root, sizeof root, "%s.root", base);
    const struct keyring_options options = {
        .env = &env_system, .path = path, .root_path = root, .create = true
    };
    (void)getloadavg(&load, 1);
    printf("%ld patients, load %.1f\n", nsubjects, load);
    make_all(&options);
    measure(1, 12);
    measure(1, LONG);
    measure(THREADS_MAX, 12);
    renew();
    keyring_close(keys);
    bench_remove(base);
    return rmdir(folder) == 0 ? 0 : 1;
}
