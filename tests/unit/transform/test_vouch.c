/* SPDX-License-Identifier: MIT */
/* Pins, signatures, and the folders that shared objects come from. */
#include "lib/check.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/scratch.h"
#include "transform/source_file.h"
#include "transform/trusted_path.h"
#include "transform/vouch.h"

typedef struct fixture {
    ol_test_scratch scratch;
    ol_buf text;
    ol_program program;
    ol_vouch vouch;
    ol_error err;
    EVP_PKEY *keys[2];
} fixture;

static const char *path_of(fixture *f, const char *name)
{
    return ol_test_scratch_path(&f->scratch, name);
}

static void write_key(fixture *f, const char *name, EVP_PKEY *key)
{
    FILE *file = fopen(path_of(f, name), "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PUBKEY(file, key), 1);
    fclose(file);
}

static void sign(fixture *f, const char *name, EVP_PKEY *key, ol_slice bytes)
{
    uint8_t signature[OL_VOUCH_SIGNATURE_BYTES];
    size_t len = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &len, bytes.data, bytes.len), 1);
    EVP_MD_CTX_free(context);
    ol_test_file_write(path_of(f, name), ol_slice_of(signature, len));
}

#define BYTES OL_SLICE_LIT("not loaded here, only looked at")

/* A file t.so of BYTES, two keys, and the first of them trusted. */
static void open_fixture(fixture *f)
{
    static char path[512];
    ol_source_id id;
    memset(f, 0, sizeof(*f));
    ol_test_scratch_open(&f->scratch);
    ol_test_file_write(path_of(f, "t.so"), BYTES);
    snprintf(path, sizeof(path), "%s", path_of(f, "t.so"));
    assert_int_equal(chmod(path, 0644), 0);
    for (size_t i = 0; i < 2; i++)
        f->keys[i] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    write_key(f, "a.pem", f->keys[0]);
    ol_buf_init(&f->text, 1000);
    f->program = (ol_program){.path = path, .kind = OL_PROGRAM_SHARED, .image_fd = -1};
    assert_code_of(ol_source_read(&f->program, &f->text, &id, &f->err), OL_OK, &f->err);
}

static void close_fixture(fixture *f)
{
    close(f->program.image_fd);
    ol_buf_fini(&f->text);
    EVP_PKEY_free(f->keys[0]);
    EVP_PKEY_free(f->keys[1]);
    ol_test_scratch_close(&f->scratch);
}

static void expect(fixture *f, int rc, bool pinned, const char *says)
{
    f->err = (ol_error){0};
    assert_code_of(ol_vouch_check(&f->vouch, &f->program, &f->err), rc, &f->err);
    assert_int_equal(f->program.pinned, pinned);
    if (says && !strstr(f->err.detail, says))
        fail_msg("\"%s\" is not in: %s", says, f->err.detail);
}

static void test_nothing_vouches(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    expect(&f, OL_OK, false, NULL);
    f.vouch.ships = true;
    expect(&f, OL_OK, true, NULL);
    close_fixture(&f);
}

static void test_a_pin(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    f.vouch.has_digest = true;
    memcpy(f.vouch.digest, f.program.digest, 32);
    expect(&f, OL_OK, true, NULL);
    f.vouch.digest[31] ^= 1;
    expect(&f, OL_ECONFIG, false, "its SHA-256 is not the pinned one, but ");
    assert_false(ol_vouch_digest_parse(OL_SLICE_LIT("abc"), f.vouch.digest));
    assert_true(ol_vouch_digest_parse(
        OL_SLICE_LIT("00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff"),
        f.vouch.digest));
    assert_int_equal(f.vouch.digest[15], 0xff);
    close_fixture(&f);
}

static void test_a_signature(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    assert_code_of(ol_vouch_keys_add(&f.vouch.keys, path_of(&f, "a.pem"), &f.err), OL_OK, &f.err);
    expect(&f, OL_ECONFIG, false, "it is not signed");
    sign(&f, "t.so.sig", f.keys[0], BYTES);
    expect(&f, OL_OK, true, NULL);
    sign(&f, "t.so.sig", f.keys[1], BYTES);
    expect(&f, OL_ECONFIG, false, "by none of the keys");
    write_key(&f, "b.pem", f.keys[1]);
    assert_code_of(ol_vouch_keys_add(&f.vouch.keys, path_of(&f, "b.pem"), &f.err), OL_OK, &f.err);
    expect(&f, OL_OK, true, NULL);
    sign(&f, "t.so.sig", f.keys[0], OL_SLICE_LIT("other bytes"));
    expect(&f, OL_ECONFIG, false, "by none of the keys");
    ol_test_file_write(path_of(&f, "t.so.sig"), OL_SLICE_LIT("short"));
    expect(&f, OL_ECONFIG, false, "not a signature of 64 bytes");
    f.vouch.has_digest = true; /* one of the two is enough */
    memcpy(f.vouch.digest, f.program.digest, 32);
    expect(&f, OL_OK, true, NULL);
    close_fixture(&f);
}

static void test_keys_that_are_none(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    write_key(&f, "ec.pem", rsa);
    EVP_PKEY_free(rsa);
    assert_code(ol_vouch_keys_add(&f.vouch.keys, path_of(&f, "ec.pem"), &f.err), OL_ECONFIG);
    assert_non_null(strstr(f.err.detail, "is no Ed25519 public key in PEM"));
    f.err = (ol_error){0};
    assert_code(ol_vouch_keys_add(&f.vouch.keys, path_of(&f, "t.so"), &f.err), OL_ECONFIG);
    f.err = (ol_error){0};
    assert_code(ol_vouch_keys_add(&f.vouch.keys, path_of(&f, "absent"), &f.err), OL_ECONFIG);
    assert_int_equal(f.vouch.keys.count, 0);
    for (unsigned i = 0; i < OL_VOUCH_KEYS_MAX; i++)
        assert_code(ol_vouch_keys_add(&f.vouch.keys, path_of(&f, "a.pem"), NULL), OL_OK);
    assert_code(ol_vouch_keys_add(&f.vouch.keys, path_of(&f, "a.pem"), NULL), OL_ELIMIT);
    close_fixture(&f);
}

static void test_folders(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    const char *folder = path_of(&f, "folder");
    static const mode_t bad[] = {0757, 0777, 01777};
    assert_int_equal(mkdir(folder, 0755), 0);
    assert_code(ol_trusted_folder(folder, &f.err), OL_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        f.err = (ol_error){0};
        assert_int_equal(chmod(folder, bad[i]), 0);
        assert_code(ol_trusted_folder(folder, &f.err), OL_ECONFIG);
        assert_non_null(strstr(f.err.detail, "its group or others may write to it"));
    }
    assert_code(ol_trusted_folder(f.program.path, NULL), OL_ECONFIG);
    assert_code(ol_trusted_folder(path_of(&f, "absent"), NULL), OL_ECONFIG);
    if (geteuid() == 0) {
        f.err = (ol_error){0};
        assert_int_equal(chmod(folder, 0775), 0);
        assert_int_equal(chown(folder, 0, 12345), 0);
        assert_code(ol_trusted_folder(folder, &f.err), OL_ECONFIG);
        assert_non_null(strstr(f.err.detail, "its group or others may write to it"));
        f.err = (ol_error){0};
        assert_int_equal(chmod(folder, 0755), 0);
        assert_int_equal(chown(folder, 12345, 0), 0);
        assert_code(ol_trusted_folder(folder, &f.err), OL_ECONFIG);
        assert_non_null(strstr(f.err.detail, "belongs neither"));
    }
    close_fixture(&f);
}

/* Whoever can rename a folder above can put another in its place; in one like /tmp nobody can. */
static void test_what_is_above_a_folder(void **state)
{
    (void)state;
    fixture f;
    char above[256], folder[300], link[300];
    open_fixture(&f);
    snprintf(above, sizeof(above), "%s", path_of(&f, "above"));
    snprintf(folder, sizeof(folder), "%s/folder", above);
    snprintf(link, sizeof(link), "%s/link", above);
    assert_int_equal(mkdir(above, 0755), 0);
    assert_int_equal(mkdir(folder, 0755), 0);
    assert_int_equal(symlink(f.scratch.folder, link), 0);
    assert_code_of(ol_trusted_folder(folder, &f.err), OL_OK, &f.err);
    assert_code_of(ol_trusted_folder(link, &f.err), OL_OK, &f.err);
    assert_int_equal(chmod(above, 01777), 0);
    assert_code_of(ol_trusted_folder(folder, &f.err), OL_OK, &f.err);
    assert_int_equal(chmod(above, 0777), 0);
    assert_code(ol_trusted_folder(folder, &f.err), OL_ECONFIG);
    assert_non_null(strstr(f.err.detail, "above its folder: "));
    assert_code(ol_trusted_folder(link, NULL), OL_ECONFIG); /* which could be another link */
    if (geteuid() == 0) {
        f.err = (ol_error){0};
        assert_int_equal(chmod(above, 0755), 0);
        assert_int_equal(chown(above, 12345, 0), 0);
        assert_code(ol_trusted_folder(folder, &f.err), OL_ECONFIG);
        assert_non_null(strstr(f.err.detail, "belongs neither"));
    }
    close_fixture(&f);
}

static const char *inside(char out[512], const char *folder, const char *name)
{
    snprintf(out, 512, "%s/%s", folder, name);
    return out;
}

/* from -> through/link -> folder: whoever may write to `through` says where `from` leads. */
static void test_links_lead_through_folders(void **state)
{
    (void)state;
    fixture f;
    char through[256], folder[256], from[512], link[512], file[512], other[512];
    open_fixture(&f);
    snprintf(through, sizeof(through), "%s", path_of(&f, "through"));
    snprintf(folder, sizeof(folder), "%s", path_of(&f, "folder"));
    assert_int_equal(mkdir(through, 0755), 0);
    assert_int_equal(mkdir(folder, 0755), 0);
    inside(from, f.scratch.folder, "from");
    assert_int_equal(symlink(folder, inside(link, through, "link")), 0);
    assert_int_equal(symlink("folder/../through/./link", from), 0);
    assert_code_of(ol_trusted_folder(from, &f.err), OL_OK, &f.err);
    assert_int_equal(chmod(through, 01777), 0); /* where nobody else can replace the link */
    assert_code_of(ol_trusted_folder(from, &f.err), OL_OK, &f.err);
    assert_int_equal(chmod(through, 0777), 0);
    assert_code(ol_trusted_folder(from, &f.err), OL_ECONFIG);
    assert_non_null(strstr(f.err.detail, "/through: its group or others may write to it"));
    /* A file that is a link into such a folder, whatever the file's own mode. */
    ol_test_file_write(inside(other, through, "other.so"), OL_SLICE_LIT("x"));
    assert_int_equal(symlink(other, inside(file, folder, "file.so")), 0);
    f.err = (ol_error){0};
    assert_code(ol_trusted_file(file, &f.err), OL_ECONFIG);
    assert_non_null(strstr(f.err.detail, "/through: its group or others may write to it"));
    assert_int_equal(chmod(through, 0755), 0);
    f.err = (ol_error){0};
    assert_code_of(ol_trusted_file(file, &f.err), OL_OK, &f.err);
    if (geteuid() == 0) {
        assert_int_equal(chmod(through, 01777), 0);
        assert_int_equal(lchown(link, 12345, 0), 0);
        assert_code(ol_trusted_folder(from, &f.err), OL_ECONFIG); /* somebody's own link */
        assert_non_null(strstr(f.err.detail, "/through/link belongs neither"));
    }
    close_fixture(&f);
}

static void test_paths_that_lead_nowhere(void **state)
{
    (void)state;
    fixture f;
    char loop[512], from[512];
    open_fixture(&f);
    assert_int_equal(symlink("loop", inside(loop, f.scratch.folder, "loop")), 0);
    assert_int_equal(symlink("absent", inside(from, f.scratch.folder, "from")), 0);
    assert_code(ol_trusted_folder(loop, &f.err), OL_ECONFIG);
    assert_non_null(strstr(f.err.detail, strerror(ELOOP)));
    assert_code(ol_trusted_folder(from, NULL), OL_ECONFIG);
    assert_code(ol_trusted_file(inside(from, f.program.path, "x"), NULL), OL_ECONFIG);
    char *deep = malloc(5000);
    memset(deep, 'a', 4999);
    deep[0] = '/';
    deep[4999] = '\0';
    assert_code(ol_trusted_folder(deep, NULL), OL_ECONFIG);
    free(deep);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_vouches),
        cmocka_unit_test(test_a_pin),
        cmocka_unit_test(test_a_signature),
        cmocka_unit_test(test_keys_that_are_none),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_links_lead_through_folders),
        cmocka_unit_test(test_paths_that_lead_nowhere),
        cmocka_unit_test(test_what_is_above_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
