/* Storms by the hundred (storm.h), each in a process of its own. VEIN_SEEDS says how many,
 * VEIN_FROM which is the first. Of one that goes wrong the shortest history is looked for, by
 * leaving out what need not have happened, and printed. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/tests/bundle_folder.h"
#include "app/tests/storm.h"
#include "base/tests/folder.h"
#include "base/tests/sanitized.h"

enum {
    SEEDS = SANITIZED ? 16 : 300,
    TURNS = 30,
    AT_ONCE = 2,
    BLIND_SEEDS = SANITIZED ? 4 : 30,
    TEMPLATES = 3,
    LIFE_MAX_S = 120
};

static const int64_t template_days[TEMPLATES] = { 8, 22, 36 };
static char folders[TEMPLATES][64];
static int64_t left[TEMPLATES];

/* What a storm's process says when it ends. */
struct outcome_of {
    char verdict[STORM_TEXT];
    unsigned turns; /* that it took */
    size_t nsent, nnotes;
    unsigned lives;
    size_t nfaults;
    struct storm_fault faults[STORM_FAULTS_MAX];
};

_Noreturn static void child(const struct storm_options *options, int to)
{
    static struct storm w;
    static struct outcome_of out;
    static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE };
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        (void)signal(fatal[i], SIG_DFL); /* cmocka would go on in this process */
    alarm(LIFE_MAX_S);
    if (!options->tell && !freopen("/dev/null", "w", stderr))
        _exit(3);
    storm_run(&w, options);
    memcpy(out.verdict, w.verdict, sizeof out.verdict);
    out.turns = w.turn;
    out.nsent = w.nsent;
    out.nnotes = w.nnotes;
    out.lives = w.life;
    out.nfaults = w.nfaults;
    memcpy(out.faults, w.faults, sizeof out.faults);
    storm_free(&w);
    const char *p = (const char *)&out;
    for (size_t done = 0; done < sizeof out;) {
        const ssize_t n = write(to, p + done, sizeof out - done);
        if (n <= 0)
            _exit(4);
        done += (size_t)n;
    }
    _exit(0);
}

struct running {
    pid_t pid;
    int from;
    struct storm_options options;
    struct outcome_of out;
};

static void begin(struct running *r, const struct storm_options *options)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    r->options = *options;
    memset(&r->out, 0, sizeof r->out);
    r->pid = fork();
    assert_true(r->pid >= 0);
    if (r->pid == 0) {
        (void)close(ends[0]);
        child(options, ends[1]);
    }
    (void)close(ends[1]);
    r->from = ends[0];
}

static void end(struct running *r)
{
    char *p = (char *)&r->out;
    size_t done = 0;
    int status;
    for (ssize_t n = 1; n > 0 && done<sizeof r->out; done += n> 0 ? (size_t)n : 0)
        n = read(r->from, p + done, sizeof r->out - done);
    (void)close(r->from);
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    if (WIFSIGNALED(status))
        snprintf(r->out.verdict, sizeof r->out.verdict, "it ended by signal %d", WTERMSIG(status));
    else if (done < sizeof r->out)
        snprintf(r->out.verdict, sizeof r->out.verdict, "it ended with %d", WEXITSTATUS(status));
}

static struct storm_options options_of(uint64_t seed)
{
    const size_t t = (size_t)(seed % TEMPLATES);
    return (struct storm_options){ .template = folders[t],
                                   .start_us = left[t],
                                   .seed = seed,
                                   .turns = TURNS,
                                   .tell = getenv("VEIN_TELL") != NULL };
}

static bool goes_wrong(const struct storm_options *options)
{
    static struct running r;
    begin(&r, options);
    end(&r);
    return r.out.verdict[0] != '\0';
}

/* Fewer turns, then one fault after the other left out, as long as it still goes wrong. */
static void shortest(const struct running *wrong)
{
    static struct storm_fault out[STORM_FAULTS_MAX];
    struct storm_options o = wrong->options;
    o.spared = out;
    for (unsigned step = o.turns / 2; step > 0; step /= 2) {
        while (o.turns > step) {
            o.turns -= step;
            if (goes_wrong(&o))
                continue;
            o.turns += step;
            break;
        }
    }
    for (size_t i = wrong->out.nfaults; i > 0; i--) {
        out[o.nspared++] = wrong->out.faults[i - 1];
        if (!goes_wrong(&o))
            o.nspared--;
    }
    o.tell = true;
    fprintf(stderr, "seed %llu, shortest history, of %u turns:\n", (unsigned long long)o.seed,
            o.turns);
    (void)goes_wrong(&o);
}

struct sums {
    size_t sent, faults, lives, notes, wrong;
};

static void add(struct sums *sums, const struct running *r, bool blind)
{
    sums->sent += r->out.nsent;
    sums->faults += r->out.nfaults;
    sums->lives += r->out.lives;
    sums->notes += r->out.nnotes;
    if (!r->out.verdict[0])
        return;
    sums->wrong++;
    if (blind)
        return;
    fprintf(stderr, "seed %llu: %s\n", (unsigned long long)r->options.seed, r->out.verdict);
    shortest(r);
}

static void storms(struct sums *sums, uint64_t from, uint64_t n, bool blind)
{
    static struct running r[AT_ONCE];
    for (uint64_t seed = from; seed < from + n; seed += AT_ONCE) {
        for (size_t i = 0; i < AT_ONCE && seed + i < from + n; i++) {
            struct storm_options o = options_of(seed + i);
            o.blind = blind;
            begin(&r[i], &o);
        }
        for (size_t i = 0; i < AT_ONCE && seed + i < from + n; i++) {
            end(&r[i]);
            add(sums, &r[i], blind);
        }
    }
}

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static int make_templates(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEMPLATES; i++) {
        test_folder(folders[i], sizeof folders[i], "calm");
        left[i] = storm_template(folders[i], template_days[i]);
    }
    return 0;
}

static int remove_templates(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEMPLATES; i++)
        bundle_remove(folders[i]);
    return 0;
}

/* partial: AUD-02 what was seen outside is still what the log says
 * partial: COI-02 no task is done without its checks
 * partial: INT-06 each message comes, once to who knows its id, in the order of its thing */
static void no_storm_does_harm(void **state)
{
    (void)state;
    struct sums sums = { 0 };
    const uint64_t seeds = number("VEIN_SEEDS", SEEDS), from = number("VEIN_FROM", 1);
    storms(&sums, from, seeds, false);
    printf("%llu storms from %llu: %zu commands, %zu faults, %zu lives, %zu checkpoints seen, "
           "%zu went wrong\n",
           (unsigned long long)seeds, (unsigned long long)from, sums.sent, sums.faults, sums.lives,
           sums.notes, sums.wrong);
    assert_int_equal(sums.wrong, 0);
    assert_true(sums.sent > seeds && sums.faults > seeds && sums.lives >= seeds);
}

/* The same seed does the same, to the last fault. */
static void a_seed_replays(void **state)
{
    (void)state;
    static struct running a, b;
    const struct storm_options o = options_of(number("VEIN_FROM", 1));
    begin(&a, &o);
    end(&a);
    begin(&b, &o);
    end(&b);
    assert_memory_equal(&a.out, &b.out, sizeof a.out);
}

/* A disk whose syncs do nothing is found out: the checks can fail. */
static void a_disk_that_lies_is_found_out(void **state)
{
    (void)state;
    struct sums sums = { 0 };
    storms(&sums, 1, BLIND_SEEDS, true);
    printf("of %d storms on a disk that lies %zu went wrong\n", BLIND_SEEDS, sums.wrong);
    assert_true(sums.wrong > BLIND_SEEDS / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_storm_does_harm),
        cmocka_unit_test(a_seed_replays),
        cmocka_unit_test(a_disk_that_lies_is_found_out),
    };
    if (getenv("VEIN_SEEDS")) /* whoever asks for seeds wants these */
        cmocka_set_test_filter("no_storm_*");
    return cmocka_run_group_tests(tests, make_templates, remove_templates);
}
