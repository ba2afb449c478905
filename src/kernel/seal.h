/* Seals: personal data is encrypted under its subject's own key before it becomes part of an event.
 *
 * The keyring is a file of its own, `F.keys` beside the database `F`, mode 0600 (refused
 * otherwise). A subject's key (a patient's) is wrapped by the key of its organisation, that one, as
 * the node's own keys (signer, keyed index, answers), by a secret of the keyring, and that by the
 * root key, which comes from a key file `F.root` (mode 0600), from a passphrase (Argon2id) or never
 * leaves a token (PKCS#11). Destroying a subject's key makes everything sealed under it unreadable
 * while the ledger still verifies; then the organisation's key is renewed, those of its other
 * subjects are wrapped anew, and the old one is destroyed as well.
 *
 * Each sealed field has a key of its own, HKDF-SHA-256 over subject key, event id and path, so that
 * a bundle can disclose single fields, and commits to its key, so that no other key opens it to
 * another text. Sealed text is "s1:<subject id>:<base64 of commitment, nonce, ciphertext and tag>"
 * (XChaCha20-Poly1305).
 *
 * All functions but keyring_close may be called by any threads at once, and several processes may
 * have the keyring open. What this cannot do: take a key back from a copy of the keyring file made
 * before its destruction (a backup, a disk's spare blocks); such copies go the way of the backup's
 * own retention, and whoever had the root key and such a copy can still read. */
#ifndef VEIN_KERNEL_SEAL_H
#define VEIN_KERNEL_SEAL_H

#include "base/env.h"
#include "base/record.h"

struct keyring;

/* For tests: asked before each write to a file of keys; true: it fails. */
typedef bool keyring_faults_fn(void *context);

struct keyring_options {
    const struct env *env;
    const char *path;      /* of the .keys file */
    const char *root_path; /* key file; NULL: token or passphrase */
    const char *token;     /* RFC 7512 URI, see keyring_token.h; NULL: passphrase */
    struct str passphrase;
    bool create; /* make keyring and root key when absent */
    keyring_faults_fn *fails;
    void *context;
};

/* Goes on with a change of keys that was interrupted. Refusals: "seal.mode" {file} when a file is
 * readable by others, "seal.wrong_root", "seal.not_found" {file}, those of the token. */
enum outcome keyring_open(struct keyring **out, const struct keyring_options *options,
                          struct err *e);
void keyring_close(struct keyring *k); /* wipes what it held */

/* Makes the subject's key if it has none, wrapped by the organisation's, which is made likewise;
 * durable on return. Both are 1 to 80 letters, digits, "-", "_", "." or "/". REFUSED "seal.erased"
 * when its key was destroyed: it never gets another. REFUSED "seal.older" for a keyring of
 * version 1, which keyring_upgrade brings forward first. */
enum outcome keyring_subject(struct keyring *k, struct str subject, struct str organisation,
                             struct err *e);
/* Destroys it, durably; what it sealed can never be read again. keyring_renew makes an end of the
 * key above it. */
enum outcome keyring_destroy(struct keyring *k, struct str subject, struct err *e);

/* Another process may have destroyed keys and died before it renewed those above them: the next
 * keyring_renew looks at all slots. */
enum outcome keyring_recheck(struct keyring *k, struct err *e);

/* Gives the organisation a new key, wraps the keys of its subjects anew and destroys the old one;
 * absent: each organisation of which a subject's key was destroyed since. What is interrupted goes
 * on when the keyring is next opened. *subjects, if wanted, counts those that were wrapped anew.
 * REFUSED "seal.unknown_organisation" {organisation}. */
enum outcome keyring_renew(struct keyring *k, struct str organisation, int64_t *subjects,
                           struct err *e);

/* Puts a new root key in the place of the present one, of the same source or another: a new key
 * file, another passphrase, a new key in the token; wraps what rests on it anew, and destroys the
 * old key file or the token's old key. No one else may have the keyring open. What is interrupted
 * goes on when the keyring is next opened with whichever root key opens it. */
enum outcome keyring_rotate_root(const struct keyring_options *from,
                                 const struct keyring_options *to, struct err *e);

/* Brings a file of version 1 to this one, in the same keyring; no one else may have it open. Its
 * subjects come under the key of an organisation of the node's own, KEYRING_NODE. */
#define KEYRING_NODE S("node")
bool keyring_is_old(const struct keyring *k);
enum outcome keyring_upgrade(struct keyring *k, const struct keyring_options *options,
                             struct err *e);

/* What the keyring holds. */
struct keyring_row {
    struct str organisation; /* absent: subjects of a file of version 1 */
    int64_t turn;            /* how often its key was renewed, and 1 */
    int64_t subjects;        /* that have a key under it */
};
struct keyring_list {
    const char *source; /* of the root key, static: "file", "passphrase", "token" */
    int64_t version;    /* of the file's form */
    int64_t generation; /* counts root keys */
    int64_t erased;     /* subjects */
    const struct keyring_row *rows;
    size_t n;
};
enum outcome keyring_list(struct keyring *k, struct keyring_list *out, struct arena *arena,
                          struct err *e);
/* The subjects whose keys were destroyed, in the order of the file. */
enum outcome keyring_erased(struct keyring *k, struct str **out, size_t *n, struct arena *arena,
                            struct err *e);

/* Copies a keyring that may be in use to a new file, whole slots only, for a backup of its own. It
 * opens with the same root key. REFUSED "store.exists" {path}, "store.not_found" {path}. */
enum outcome keyring_copy(const char *path, const char *to, struct err *e);

/* Which subjects have a key: SEAL_KEY_LIVE, SEAL_KEY_ERASED or SEAL_KEY_NONE. */
enum seal_key { SEAL_KEY_NONE, SEAL_KEY_LIVE, SEAL_KEY_ERASED };
enum outcome keyring_look(struct keyring *k, struct str subject, enum seal_key *out, struct err *e);

/* The seed of the node's signing key; made at creation. Absent origin: of the log's first epoch;
 * else of the epoch that began under this origin, so that two restores of one keyring sign with two
 * keys. */
void keyring_signer_seed(struct keyring *k, uint8_t seed[32], struct str origin);

/* Keyed digests that reveal nothing without the keyring: HMAC-SHA-256 under a key of the purpose,
 * static: "index", "idempotency", "command", "token". */
struct hash keyring_digest(struct keyring *k, const char *purpose, struct str text);

/* Seals plain, at most SEAL_PLAIN_MAX bytes, for (subject, event id, path). FAULT "seal.no_key"
 * when the subject has no key, REFUSED "seal.erased" when it was destroyed. */
enum { SEAL_PLAIN_MAX = 1 << 20 };
enum outcome seal_text(struct keyring *k, struct str *out, struct str subject, struct str event_id,
                       struct str path, struct str plain, struct arena *arena, struct err *e);

bool seal_is(struct str text);
/* Whose key it is sealed under; absent when the text is none. */
struct str seal_subject(struct str text);

/* Opens it, for what the program itself does with it (comparing, sending): whoever opens something
 * to show it does so by look_open (look.h), which records it. REFUSED "seal.erased" when the key
 * was destroyed, FAULT "seal.damaged" when the text or its place (event id, path) is not the one it
 * was sealed for. */
enum outcome seal_open(struct keyring *k, struct str *out, struct str event_id, struct str path,
                       struct str sealed, struct arena *arena, struct err *e);

/* The key of this one field, for a bundle that discloses it; the same refusals and faults. It opens
 * this sealed text and, by the commitment, nothing else. Whoever gets it needs no keyring. */
enum { SEAL_FIELD_KEY_SIZE = 32 };
enum outcome seal_field_key(struct keyring *k, uint8_t key[SEAL_FIELD_KEY_SIZE],
                            struct str event_id, struct str path, struct str sealed, struct err *e);
enum outcome seal_open_disclosed(struct str *out, const uint8_t key[SEAL_FIELD_KEY_SIZE],
                                 struct str sealed, struct arena *arena, struct err *e);

/* Secrets of the node itself (idempotent answers), each for its place: in another it does not open,
 * so that who can write the database cannot give one command's answer for another's. (Of what was
 * sealed before there were places, in databases of version 1, this is not so.) */
struct seal_place {
    const char *purpose;
    struct str of; /* "answer" of which command */
};
enum outcome seal_secret(struct keyring *k, struct bytes *out, struct seal_place place,
                         struct str plain, struct arena *arena, struct err *e);
/* FAULT "seal.damaged" for what was altered, or sealed for another place. */
enum outcome seal_secret_open(struct keyring *k, struct str *out, struct seal_place place,
                              struct bytes sealed, struct arena *arena, struct err *e);

#endif
