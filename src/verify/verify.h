/* The independent verifier: reads a ledger as its writer never sees it, and trusts nothing but the
 * key it is given. It shares no code with the writer but SHA-256 and strings of base, and has its
 * own strict scanner for notes, keys, tiles and leaves. docs/ledger-format.md is what it checks:
 *
 *   - each entry is a canonical event of a known format, its place in the log is 0, 1, 2 …;
 *   - each stream runs 1, 2, 3 … without gap, under one distribution key, each event naming the
 * hash of the one before;
 *   - the node's hybrid logical time never stands still, and is not behind the wall clock's;
 *   - stored tiles and roots are those computed from the entries;
 *   - checkpoints are signed by the key, and their roots are those computed at their size;
 *   - an electronic signature is its actor's, of the time of its event, for its command, and what
 * it says was shown is what the event that it names holds; a token's is checked by its public key,
 * which an earlier event enrolled for the signer; simulated ones stand only behind the event that
 * says that people are.
 *
 * What it cannot see: a log cut back to, or rewritten from, an older checkpoint by someone who has
 * the key, or cut back by anyone to a checkpoint that was once published. Both need a checkpoint
 * kept outside (--since), or witnesses (--witness). Nor does it know the fields of a payload,
 * whether an id was used before, or whether what an event says is true.
 *
 * Memory: 256 entries at a time, four such batches (64 KiB to 16 MiB each), and a table of streams
 * of 2 MiB, or 86 to 171 bytes per stream (257 while it grows). */
#ifndef VEIN_VERIFY_VERIFY_H
#define VEIN_VERIFY_VERIFY_H

#include "base/hash.h"

enum { VERIFY_WITNESSES_MAX = 16 };

struct verify_options {
    const char *vkey;  /* name+id+key, or the name of a file with such lines; NULL: the log's own */
    const char *since; /* file with an older checkpoint, trusted from elsewhere; NULL: none */
    bool any_entries;  /* entries are no events: check hashes and signatures only (tlog) */
    /* Keys of witnesses, name+id+key each, and how many of them must have cosigned. */
    const char *witness[VERIFY_WITNESSES_MAX];
    size_t nwitnesses;
    size_t require;
};

enum { VERIFY_ITEM_MAX = 160, VERIFY_REASON_MAX = 320, VERIFY_KEY_TEXT_MAX = 270 };

struct verify_report {
    uint64_t count;              /* entries read */
    char root_hex[HASH_HEX + 1]; /* over all of them */
    uint64_t signed_size;        /* of the newest good checkpoint; beyond it: not yet signed */
    uint64_t streams;
    uint64_t checkpoints; /* good ones, without --since */
    uint64_t since_size;
    uint64_t final_size;            /* cosigned by options->require of the witnesses, or by one */
    size_t cosigned;                /* by how many of them; 0: by none */
    uint64_t not_final;             /* of a bundle's events, those behind final_size */
    uint64_t bytes;                 /* of entries */
    uint64_t signatures;            /* of persons, on what they did */
    uint64_t simulated;             /* of these, by people who are simulated, … */
    uint64_t unseen;                /* … of a bundle: on an event that is not in it, … */
    uint64_t unenrolled;            /* … and by a token whose enrolment is not in it */
    bool own_key;                   /* the key came from the log itself: proves consistency only */
    char key[VERIFY_KEY_TEXT_MAX];  /* name+id */
    char order[40];                 /* of a bundle */
    bool audit;                     /* it is an audit bundle, … */
    uint64_t definitions;           /* … with so many documents, … */
    bool pdf;                       /* … and the trail on paper */
    uint64_t disclosed;             /* texts that were opened in it */
    char bad_item[VERIFY_ITEM_MAX]; /* empty: all is well */
    char reason[VERIFY_REASON_MAX];
};

/* Both return true when all is well, else false with bad_item and reason of the first bad thing.
 * Neither ever holds the content of an event.
 *
 * A database is read in one snapshot, so that a server may go on writing; its write-ahead log grows
 * meanwhile. */
bool verify_db(const char *path, const struct verify_options *options,
               struct verify_report *report);
/* where: a directory, or http://HOST[:PORT][/PREFIX]. In a directory every file below tile/ must
 * belong to the signed log; beside tile/ others may lie. */
bool verify_tlog(const char *where, const struct verify_options *options,
                 struct verify_report *report);

/* A bundle of one order (docs/bundle.md): a folder in which every file is what the manifest, signed
 * by the log's key, says; every event is in the log of the checkpoint, each stream runs from its
 * first event on, and nothing is of another order or patient; what is disclosed opens under its
 * key; and report.json is what these events say, made anew and compared byte by byte. report.html
 * is compared with the manifest alone. What it cannot see: an event that whoever made the bundle
 * left off the end of a stream, or a whole stream; that takes the whole log.
 *
 * options->since is not for bundles. All of the bundle is held in memory. */
bool verify_bundle(const char *folder, const struct verify_options *options,
                   struct verify_report *report);

/* `vein verify …`; argv[0] is the command's name. Returns the exit status: 0 good, 1 bad, 2 usage.
 */
int verify_main(int argc, char **argv);

#endif
