/* The command line: what was found, in words, and a last line that a script can read. */
#include "verify/note.h"

#include <sodium.h>
#include <stdio.h>

static const char usage[] =
    "usage: vein verify --db FILE | --tlog DIR|URL | --bundle DIR [options]\n"
    "\n"
    "Reads a ledger again from its first event and says whether it is what was signed.\n"
    "\n"
    "  --db FILE       an SQLite database; a server may go on writing to it\n"
    "  --tlog DIR|URL  an export in the form of C2SP tlog-tiles; URL is "
    "http://HOST[:PORT][/PREFIX].\n"
    "                  In a directory every file below tile/ must belong to the log; what lies\n"
    "                  beside tile/, checkpoint and vkey is not looked at\n"
    "  --bundle DIR    one order, as vein export coi or vein export audit writes it\n"
    "  --vkey KEY      who must have signed: NAME+ID+KEY, or a file with such lines. Without it "
    "the\n"
    "                  key that lies with the log is taken: that shows that the log agrees with\n"
    "                  itself, not who wrote it\n"
    "  --since FILE    an older checkpoint that you kept elsewhere: its events must still be "
    "there.\n"
    "                  Without it no one can see that a log was cut back to an older checkpoint\n"
    "  --witness KEY   a witness's key, NAME+ID+KEY; several times for several witnesses. Their\n"
    "                  cosignatures are checked, and it is said how far the log is cosigned\n"
    "  --require K     so many of these witnesses must have cosigned: else it is bad. Without it\n"
    "                  it is only said how many did\n"
    "  --any-entries   with --tlog: a log of anything, whose entries are not read as events\n"
    "\n"
    "The last line is \"events N root HEX ok\" (exit status 0) or \"bad ITEM: REASON\", the first "
    "bad\n"
    "thing found (1). A wrong command line ends with 2.\n";

struct arguments {
    const char *db, *tlog, *bundle;
    struct verify_options options;
    bool help;
};

/* The option's value, or NULL with a message when there is none. */
static const char *value_of(int argc, char **argv, int *at)
{
    if (*at + 1 < argc)
        return argv[++*at];
    fprintf(stderr, "vein verify: %s needs a value\n", argv[*at]);
    return NULL;
}

static bool witness_option(struct verify_options *o, struct str name, const char *value)
{
    uint64_t k;
    if (!value)
        return false;
    if (str_is(name, "--require")) {
        if (!verify_decimal(&k, str_z(value)) || k < 1 || k > VERIFY_WITNESSES_MAX) {
            fprintf(stderr, "vein verify: --require takes a number from 1 on\n");
            return false;
        }
        o->require = (size_t)k;
        return true;
    }
    if (o->nwitnesses == VERIFY_WITNESSES_MAX) {
        fprintf(stderr, "vein verify: at most %d witnesses\n", VERIFY_WITNESSES_MAX);
        return false;
    }
    o->witness[o->nwitnesses++] = value;
    return true;
}

static bool parse(struct arguments *out, int argc, char **argv)
{
    const struct {
        const char *name;
        const char **to;
    } options[] = {
        { "--db", &out->db },
        { "--tlog", &out->tlog },
        { "--bundle", &out->bundle },
        { "--vkey", &out->options.vkey },
        { "--since", &out->options.since },
    };
    for (int i = 1; i < argc; i++) {
        const struct str word = str_z(argv[i]);
        bool known = false;
        for (size_t o = 0; o < sizeof options / sizeof *options; o++)
            if (str_is(word, options[o].name)) {
                known = true;
                if (!(*options[o].to = value_of(argc, argv, &i)))
                    return false;
            }
        if (str_is(word, "--witness") || str_is(word, "--require")) {
            known = true;
            const char *value = value_of(argc, argv, &i);
            if (!witness_option(&out->options, word, value))
                return false;
        }
        if (str_is(word, "--any-entries"))
            known = out->options.any_entries = true;
        if (str_is(word, "--help") || str_is(word, "-h"))
            known = out->help = true;
        if (!known) {
            fprintf(stderr, "vein verify: unknown option %s\n", argv[i]);
            return false;
        }
    }
    if (out->help)
        return true;
    if (out->options.require > out->options.nwitnesses) {
        fprintf(stderr, "vein verify: --require wants more witnesses than --witness names\n");
        return false;
    }
    if (!!out->db + !!out->tlog + !!out->bundle != 1 || (!out->tlog && out->options.any_entries) ||
        (out->bundle && out->options.since)) {
        fprintf(stderr, "vein verify: give one of --db FILE, --tlog DIR|URL and --bundle DIR%s%s\n",
                out->options.any_entries ? "; --any-entries goes with --tlog" : "",
                out->options.since ? "; --since goes with a whole log" : "");
        return false;
    }
    return true;
}

static void print_witnesses(const struct verify_options *o, const struct verify_report *r)
{
    const unsigned long long size = r->final_size;
    if (o->nwitnesses > 0)
        printf("witnesses: %zu of %zu cosigned the first %llu\n", r->cosigned, o->nwitnesses, size);
}

/* What an electronic signature is worth, is for the reader to say. */
static void print_signatures(const struct verify_report *r)
{
    printf("signatures: %llu, each its actor's, on what the event that it names says",
           (unsigned long long)r->signatures);
    if (r->simulated > 0)
        printf("; %llu of them by simulated people, who proved nothing",
               (unsigned long long)r->simulated);
    if (r->unseen > 0)
        printf("; %llu on an event that is not in this bundle", (unsigned long long)r->unseen);
    if (r->unenrolled > 0)
        printf("; %llu by token, whose enrolment is not in this bundle",
               (unsigned long long)r->unenrolled);
    printf("\n");
}

static void print_good(const struct arguments *a, const struct verify_report *r)
{
    const unsigned long long count = r->count, signed_size = r->signed_size;
    if (!a->options.any_entries) {
        printf("streams: %llu, each complete and chained\n", (unsigned long long)r->streams);
        print_signatures(r);
    }
    printf("checkpoints: %llu", (unsigned long long)r->checkpoints);
    if (r->checkpoints > 0)
        printf(", the newest over the first %llu, signed by %s", signed_size, r->key);
    printf("\nnot yet signed: %llu%s\n", count - signed_size,
           count > signed_size ? ", behind the newest checkpoint; chained only" : "");
    if (r->own_key)
        printf("key: the log's own; shows that the log agrees with itself, not who wrote it\n");
    else
        printf("key: as given\n");
    print_witnesses(&a->options, r);
    if (a->options.since)
        printf("since: the first %llu are those of %s\n", (unsigned long long)r->since_size,
               a->options.since);
    printf("%s %llu root %s ok\n", a->options.any_entries ? "entries" : "events", count,
           r->root_hex);
}

static void print_bundle(const struct arguments *a, const struct verify_report *r)
{
    const unsigned long long count = r->count, size = r->signed_size;
    printf("order: %s\n", r->order);
    printf("events: %llu, each in the log of %s, of which the first %llu are signed\n", count,
           r->key, size);
    printf("streams: %llu, each from its first event on; what was left off an end is not seen\n",
           (unsigned long long)r->streams);
    print_witnesses(&a->options, r);
    if (r->not_final > 0)
        printf("not yet final: %llu events, behind what was cosigned\n",
               (unsigned long long)r->not_final);
    print_signatures(r);
    printf("report.json: made anew from these events, the same byte for byte\n");
    printf("report.html: as it was signed; not made anew\n");
    if (r->audit) {
        printf("trail.html: made anew from these events, the same byte for byte\n");
        printf("trail.pdf: %s\n", r->pdf ? "as it was signed; not made anew" : "none");
        printf("definitions: %llu documents, each as the event says that brought it; what the "
               "events pin is among them\n",
               (unsigned long long)r->definitions);
    }
    printf("disclosed: %llu sealed texts, each opened under its own key\n",
           (unsigned long long)r->disclosed);
    printf("key: %s\n", r->own_key
                            ? "the bundle's own; shows that it agrees with itself, not who made it"
                            : "as given");
    printf("events %llu root %s ok\n", count, r->root_hex);
}

int verify_main(int argc, char **argv)
{
    struct arguments a = { 0 };
    if (!parse(&a, argc, argv)) {
        fputs("try: vein verify --help\n", stderr);
        return 2;
    }
    if (a.help) {
        fputs(usage, stdout);
        return 0;
    }
    static struct verify_report report;
    if (sodium_init() < 0)
        return 1;
    const bool good = a.db     ? verify_db(a.db, &a.options, &report)
                      : a.tlog ? verify_tlog(a.tlog, &a.options, &report)
                               : verify_bundle(a.bundle, &a.options, &report);
    if (good && a.bundle)
        print_bundle(&a, &report);
    else if (good)
        print_good(&a, &report);
    else
        printf("bad %s: %s\n", report.bad_item, report.reason);
    return good ? 0 : 1;
}
