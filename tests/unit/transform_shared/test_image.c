/* SPDX-License-Identifier: MIT */
/*
 * The image transform, called directly: whatever is missing of an original is an error, however it is
 * cut; what is too large is refused from the header; payloads and queries. What pictures look
 * like is seen in tests/integration/test_image.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "direct_host.h"

#define ORIGINAL_BYTES_MAX 4096u
#define IMAGE_BYTES_MAX 16384u

static const struct objlens_transform *image;

struct original {
    unsigned char bytes[ORIGINAL_BYTES_MAX];
    size_t size;
};

static struct original read_original(const char *name)
{
    char path[600];
    struct original o;
    snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/image/%s", OBJLENS_SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    o.size = fread(o.bytes, 1, sizeof(o.bytes), file);
    fclose(file);
    assert_true(o.size > 0 && o.size < sizeof(o.bytes));
    return o;
}

static int run(struct objlens_call *c, const char *payload, const struct original *o, direct_cut_fn *cut)
{
    const char *const *fields = c->fields;
    direct_init(c, payload, 1000, 7);
    c->fields = fields;
    return direct_run(image, c, o->bytes, o->size, cut);
}

static void expect_refusal(const char *payload, const struct original *o, const char *code)
{
    struct objlens_call c = {0};
    assert_int_not_equal(run(&c, payload, o, direct_whole), OBJLENS_OK);
    assert_int_equal(c.failed_status, 400);
    assert_string_equal(c.failed_code, code);
    assert_int_equal(c.size, 0);
    direct_fini(&c);
}

static unsigned be16(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* Of a PNG in c->out. */
static void expect_png(const struct objlens_call *c, unsigned width, unsigned height)
{
    assert_true(c->size > 33 && memcmp(c->out + 1, "PNG", 3) == 0);
    assert_int_equal(be16(c->out + 18), width);
    assert_int_equal(be16(c->out + 22), height);
    assert_string_equal(c->content_type, "image/png");
}

static const char *const originals[] = {"small.jpg",  "progressive.jpg", "turned.jpg",   "small.png",
                                        "alpha.png", "small.webp",      "lossless.webp", "interlaced.png"};
#define ORIGINALS (sizeof(originals) / sizeof(originals[0]))

static void test_cuts_do_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < ORIGINALS; i++) {
        struct objlens_call whole = {0}, bytes = {0};
        struct original o = read_original(originals[i]);
        assert_int_equal(run(&whole, "{\"width\":12,\"format\":\"png\"}", &o, direct_whole), OBJLENS_OK);
        assert_int_equal(run(&bytes, "{\"width\":12,\"format\":\"png\"}", &o, direct_bytes), OBJLENS_OK);
        bool turned = strcmp(originals[i], "turned.jpg") == 0;
        expect_png(&whole, 12, turned ? 18 : 8);
        assert_int_equal(whole.size, bytes.size);
        assert_memory_equal(whole.out, bytes.out, whole.size);
        direct_fini(&whole);
        direct_fini(&bytes);
    }
}

/* At every byte, and also where the piece that is cut out of it is there. */
static void test_truncated_is_no_picture(void **state)
{
    static const char *const payloads[] = {
        "{\"width\":12}", "{\"fit\":\"crop\",\"width\":4,\"height\":4,\"gravity\":\"north\"}",
        "{\"width\":2}" /* a JPEG's decoder scales it */};
    (void)state;
    for (size_t i = 0; i < ORIGINALS; i++) {
        struct original o = read_original(originals[i]);
        for (o.size--; o.size > 0; o.size--)
            expect_refusal(payloads[o.size % 3], &o, "InvalidImage");
    }
}

/* Its first frame would be there already. */
static void test_truncated_gif_is_no_picture(void **state)
{
    struct original o = read_original("small.gif");
    struct objlens_call c = {0};
    (void)state;
    assert_int_equal(run(&c, "{\"sources\":[\"gif\"]}", &o, direct_whole), OBJLENS_OK);
    direct_fini(&c);
    for (o.size--; o.size > 0; o.size--)
        expect_refusal("{\"sources\":[\"gif\"]}", &o, "InvalidImage");
}

static void test_damaged_png_is_no_picture(void **state)
{
    struct original o = read_original("small.png");
    (void)state;
    for (size_t i = 8; i < o.size; i += 3) {
        o.bytes[i] ^= 0x20;
        struct objlens_call c = {0};
        assert_int_not_equal(run(&c, "", &o, direct_whole), OBJLENS_OK);
        assert_int_equal(c.failed_status, 400);
        direct_fini(&c);
        o.bytes[i] ^= 0x20;
    }
}

/* Its end is there, and some of what should be before it is not. */
static void test_damaged_jpeg_is_no_picture(void **state)
{
    static const char *const payloads[] = {"{\"width\":12}", "{\"width\":2}"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct original o = read_original("small.jpg");
        o.size -= 30;
        memcpy(o.bytes + o.size - 2, "\xff\xd9", 2);
        expect_refusal(payloads[i], &o, "InvalidImage");
    }
}

/* ---- limits ---- */

static int write_header(const char *payload, const void *bytes, size_t size, struct objlens_call *c)
{
    void *instance = NULL;
    direct_init(c, payload, 1000, 7);
    assert_int_equal(direct_open(image, &direct_host, c, &instance), OBJLENS_OK);
    int rc = image->write(instance, bytes, size);
    image->close(instance);
    return rc;
}

/* Nothing but the header is there yet: nothing can have been decoded. */
static void test_bombs_are_refused_from_the_header(void **state)
{
    static const struct {
        const char *name;
        size_t size;
        const char *bytes;
    } bombs[] = {
        {"PNG 50000x50000", 33,
         "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xc3\x50\0\0\xc3\x50\x08\x02\0\0\0\0\0\0\0"},
        {"JPEG 65500x65500", 21, "\xff\xd8\xff\xc0\0\x11\x08\xff\xdc\xff\xdc\x03\1\x11\0\2\x11\1\3\x11\1"},
        {"JPEG progressive 7000x7000", 21,
         "\xff\xd8\xff\xc2\0\x11\x08\x1b\x58\x1b\x58\x04\1\x11\0\2\x11\1\3\x11\1"},
        {"WebP 16383x16383", 30, "RIFF\xff\xff\0\0WEBPVP8 \xff\0\0\0\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f"},
        {"WebP extended", 30, "RIFF\xff\xff\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff"},
        {"GIF 65535x65535", 13, "GIF89a\xff\xff\xff\xff\0\0\0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
        struct objlens_call c;
        print_message("%s\n", bombs[i].name);
        const char *payload = "{\"sources\":[\"jpeg\",\"png\",\"webp\",\"gif\"]}";
        assert_int_equal(write_header(payload, bombs[i].bytes, bombs[i].size, &c), OBJLENS_EFAILED);
        assert_int_equal(c.failed_status, 400);
        assert_string_equal(c.failed_code, "ImageTooLarge");
        direct_fini(&c);
    }
}

static void add(struct original *o, const void *bytes, size_t size)
{
    assert_true(size <= sizeof(o->bytes) - o->size);
    memcpy(o->bytes + o->size, bytes, size);
    o->size += size;
}

/* A grey square of 8x8, progressive: each scan refines one coefficient by one bit, of which nothing is set. */
static struct original with_scans(unsigned count)
{
    static const unsigned char head[] = "\xff\xd8\xff\xc2\0\x0b\x08\0\x08\0\x08\1\1\x11\0"
                                        "\xff\xc4\0\x14\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                        "\xff\xc4\0\x14\x10\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xdb\0\x43\0";
    unsigned char scan[] = {0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0, 0x7f}, ones[64];
    struct original o = {.size = 0};
    memset(ones, 1, sizeof(ones));
    add(&o, head, sizeof(head) - 1);
    add(&o, ones, sizeof(ones));
    add(&o, scan, sizeof(scan));
    for (unsigned i = 0; i + 1 < count; i++) {
        unsigned bit = 13 - i % 14;
        scan[7] = scan[8] = (unsigned char)(1 + i / 14);
        scan[9] = (unsigned char)((bit == 13 ? 0 : bit + 1) << 4 | bit);
        add(&o, scan, sizeof(scan));
    }
    add(&o, "\xff\xd9", 2);
    return o;
}

/* 30 bytes, and the decoder goes over all of a large picture again. */
static void test_a_jpeg_of_many_scans_is_refused(void **state)
{
    struct original few = with_scans(100), many = with_scans(101);
    struct objlens_call c = {0};
    (void)state;
    expect_refusal("{\"width\":4}", &many, "ImageTooLarge");
    expect_refusal("{\"width\":8}", &many, "ImageTooLarge");
    assert_int_equal(run(&c, "{\"width\":4,\"format\":\"png\"}", &few, direct_whole), OBJLENS_OK);
    expect_png(&c, 4, 4);
    direct_fini(&c);
}

static void test_limits_of_the_payload(void **state)
{
    struct original o = read_original("small.png");
    (void)state;
    expect_refusal("{\"max_pixels\":383}", &o, "ImageTooLarge");
    expect_refusal("{\"max_side\":23}", &o, "ImageTooLarge");
    expect_refusal("{\"max_bytes\":50}", &o, "ImageTooLarge");
    expect_refusal("{\"sources\":[\"jpeg\"]}", &o, "InvalidImage");
    expect_refusal("{\"width\":16383,\"enlarge\":true}", &o, "InvalidArgument");
    struct objlens_call c = {0};
    assert_int_equal(run(&c, "{\"max_pixels\":384,\"max_side\":24}", &o, direct_whole), OBJLENS_OK);
    expect_png(&c, 24, 16);
    assert_int_equal(c.counted[0], 1);
    direct_fini(&c);
}

static void test_other_formats_are_refused(void **state)
{
    static const char *const others[] = {
        "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>", "%PDF-1.7 and more of it",
        "II*\0\x08\0\0\0 a TIFF, for example", "P6 1 1 255 abc", "GIF89a\1\0\1\0\0\0\0;        ", "x", ""};
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct original o = {.size = strlen(others[i])};
        memcpy(o.bytes, others[i], o.size);
        expect_refusal("", &o, "InvalidImage");
    }
}

/* ---- what is asked for ---- */

static void test_sizes(void **state)
{
    static const struct {
        const char *payload;
        unsigned width, height;
    } cases[] = {
        {"{}", 24, 16},
        {"{\"width\":12}", 12, 8},
        {"{\"height\":4}", 6, 4},
        {"{\"width\":6,\"dpr\":2}", 12, 8},
        {"{\"width\":100}", 24, 16},
        {"{\"width\":48,\"enlarge\":true}", 48, 32},
        {"{\"width\":8,\"height\":8}", 8, 5},
        {"{\"width\":8,\"height\":8,\"fit\":\"fill\"}", 8, 8},
        {"{\"width\":8,\"height\":8,\"fit\":\"fill\",\"gravity\":\"smart\"}", 8, 8},
        {"{\"width\":8,\"height\":8,\"fit\":\"force\"}", 8, 8},
        {"{\"width\":5,\"height\":7,\"fit\":\"crop\",\"gravity\":\"south-east\"}", 5, 7},
        {"{\"width\":100,\"height\":7,\"fit\":\"crop\"}", 24, 7},
        {"{\"width\":1,\"height\":16383,\"fit\":\"fill\"}", 1, 16},
    };
    struct original o = read_original("small.png");
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct objlens_call c = {0};
        print_message("%s\n", cases[i].payload);
        assert_int_equal(run(&c, cases[i].payload, &o, direct_whole), OBJLENS_OK);
        expect_png(&c, cases[i].width, cases[i].height);
        direct_fini(&c);
    }
}

static void test_the_query_changes_what_it_may(void **state)
{
    static const char *const fields[] = {"userRequest.query.width", "12", "userRequest.query.fit", "x", NULL};
    struct original o = read_original("small.png");
    struct objlens_call c = {.fields = fields};
    (void)state;
    assert_int_equal(run(&c, "{\"width\":20}", &o, direct_whole), OBJLENS_OK);
    expect_png(&c, 12, 8); /* and "fit" is not looked at */
    direct_fini(&c);
    assert_int_equal(run(&c, "{\"width\":20,\"allow_query\":[]}", &o, direct_whole), OBJLENS_OK);
    expect_png(&c, 20, 13);
    direct_fini(&c);
    assert_int_equal(run(&c, "{\"allow_query\":[\"fit\"]}", &o, direct_whole), OBJLENS_EFAILED);
    assert_string_equal(c.failed_message, "image: fit must be fit, fill, crop or force");
    direct_fini(&c);
}

static void test_wrong_queries(void **state)
{
    static const char *const values[] = {"", "0", "-1", "16384", "99999999999999999999", "1e3", " 12", "12x"};
    struct original o = read_original("small.png");
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        const char *const fields[] = {"userRequest.query.width", values[i], NULL};
        struct objlens_call c = {.fields = fields};
        assert_int_equal(run(&c, "", &o, direct_whole), OBJLENS_EFAILED);
        assert_string_equal(c.failed_message, "image: width must be a whole number from 1 to 16383");
        direct_fini(&c);
    }
}

static void test_wrong_payloads(void **state)
{
    static const char *const payloads[][2] = {
        {"[]", "image: the payload must be a JSON object"},
        {"{\"widht\":1}", "image: the payload has an unknown key, \"widht\""},
        {"{\"width\":0}", "image: \"width\" must be a whole number from 1 to 16383"},
        {"{\"dpr\":9}", "image: \"dpr\" must be a number from 0.1 to 8"},
        {"{\"fit\":\"cover\"}", "image: \"fit\" must be fit, fill, crop or force"},
        {"{\"sources\":[]}", "image: \"sources\" must be a list of jpeg, png, webp, avif, heic and gif"},
        {"{\"sources\":[\"svg\"]}", "image: \"sources\" must be a list of jpeg, png, webp, avif, heic and gif"},
        {"{\"background\":\"white\"}", "image: \"background\" must be a colour, such as \"#ffffff\""},
    };
    struct original o = read_original("small.png");
    (void)state;
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        struct objlens_call c = {0};
        assert_int_equal(run(&c, payloads[i][0], &o, direct_whole), OBJLENS_EFAILED);
        assert_string_equal(c.failed_code, "InvalidTransformPayload");
        assert_string_equal(c.failed_message, payloads[i][1]);
        direct_fini(&c);
    }
}

/* ---- watermarks ---- */

static const char *const ada[] = {"userIdentity.userName", "ada", "xAmzRequestId", "0123", NULL};
static const char *const bob[] = {"userIdentity.userName", "bob <b>\xe2\x80\xae\xff\x07", NULL};

static size_t marked(const char *payload, const char *const *fields, unsigned char out[IMAGE_BYTES_MAX])
{
    struct original o = read_original("small.png");
    struct objlens_call c = {.fields = fields};
    assert_int_equal(run(&c, payload, &o, direct_whole), OBJLENS_OK);
    size_t size = c.size;
    assert_true(size > 0 && size <= IMAGE_BYTES_MAX);
    memcpy(out, c.out, size);
    direct_fini(&c);
    return size;
}

static void test_a_mark_names_the_caller(void **state)
{
    static const char payload[] = "{\"width\":60,\"height\":40,\"enlarge\":true,\"watermark\":"
                                  "{\"text\":\"{userIdentity.userName}\",\"size\":12,\"opacity\":1}}";
    unsigned char plain[IMAGE_BYTES_MAX], first[IMAGE_BYTES_MAX], second[IMAGE_BYTES_MAX], again[IMAGE_BYTES_MAX];
    (void)state;
    size_t none = marked("{\"width\":60,\"height\":40,\"enlarge\":true}", ada, plain);
    size_t one = marked(payload, ada, first), two = marked(payload, bob, second);
    assert_int_equal(marked(payload, ada, again), one);
    assert_memory_equal(first, again, one);
    assert_false(one == two && memcmp(first, second, one) == 0);
    assert_false(one == none && memcmp(first, plain, one) == 0);
}

static void test_every_way_to_lay_a_mark(void **state)
{
    static const char *const marks[] = {
        "{\"text\":\"x\",\"position\":\"tile\"}",
        "{\"text\":\"x\",\"position\":\"chessboard\",\"rotate\":30,\"spacing\":0}",
        "{\"text\":\"x\",\"position\":\"north\",\"offset\":[-3,0.5],\"shadow\":0}",
        "{\"text\":\"a very long text that has no room at all in so small a picture\",\"rotate\":90}",
        "{\"text\":\"x\",\"size\":2000,\"color\":\"#f00\"}",
        "{\"text\":\" \"}",
        "{\"text\":\"{{x}\",\"font\":\"DejaVu Sans Bold\"}",
        "[{\"text\":\"x\"},{\"text\":\"{nothing|y}\",\"position\":\"centre\"}]",
        /* a PNG of 2x1, half transparent */
        "{\"image\":\"iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAEUlEQVR4nGP8z8DQwMDAwAAACooBge1WxT4AAAAASUVORK5CYII=\","
        "\"scale\":0.5,\"rotate\":10}",
        "{\"image_file\":\"alpha.png\",\"scale\":0.5,\"position\":\"tile\"}",
        "{\"image_file\":\"small.jpg\",\"rotate\":45}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        for (int format = 0; format < 2; format++) {
            char payload[800];
            struct original o = read_original(format ? "alpha.png" : "small.jpg");
            struct objlens_call c = {0};
            print_message("%s\n", marks[i]);
            snprintf(payload, sizeof(payload), "{\"watermark\":%s}", marks[i]);
            assert_int_equal(run(&c, payload, &o, direct_whole), OBJLENS_OK);
            assert_true(c.size > 0);
            direct_fini(&c);
        }
    }
}

static void test_who_has_no_name_gets_no_picture(void **state)
{
    struct original o = read_original("small.png");
    struct objlens_call c = {0};
    (void)state;
    assert_int_equal(run(&c, "{\"watermark\":{\"text\":\"{userIdentity.userName}\"}}", &o, direct_whole),
                     OBJLENS_EFAILED);
    assert_int_equal(c.failed_status, 403);
    assert_string_equal(c.failed_message,
                        "image: the watermark names userIdentity.userName, which this request lacks");
    direct_fini(&c);
}

/* Neither does a name that leaves no ink: blanks, what has no width, fillers. */
static void test_an_invisible_name_is_none(void **state)
{
    static const char *const names[] = {"   ", "\xe2\x80\x8b", "\xc2\xa0\xe3\x80\x80", "\xe3\x85\xa4",
                                        "\xe2\xa0\x80", "\xef\xb8\x8f", "\xcd\x8f\xe2\x80\xae"};
    struct original o = read_original("small.png");
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *const fields[] = {"userIdentity.userName", names[i], NULL};
        struct objlens_call c = {.fields = fields};
        assert_int_equal(run(&c, "{\"watermark\":{\"text\":\"{userIdentity.userName}\"}}", &o, direct_whole),
                         OBJLENS_EFAILED);
        assert_int_equal(c.failed_status, 403);
        direct_fini(&c);
        assert_int_equal(run(&c, "{\"watermark\":{\"text\":\"{userIdentity.userName|x}\"}}", &o, direct_whole),
                         OBJLENS_OK);
        direct_fini(&c);
    }
}

static void test_wrong_marks(void **state)
{
    static const char *const marks[][2] = {
        {"{}", "image: a watermark has a \"text\", an \"image\" or an \"image_file\""},
        {"7", "image: a watermark must be an object"},
        {"{\"text\":\"{x\"}", "image: \"text\" has a { without a }"},
        {"{\"text\":\"{a b}\"}", "image: \"text\" has braces around something else than the path of a field"},
        {"{\"text\":\"x\",\"opacity\":1.5}", "image: \"opacity\" must be a number from 0 to 1"},
        {"{\"text\":\"x\",\"position\":\"smart\"}",
         "image: \"position\" must be centre, north, south-east, …, tile or chessboard"},
        {"{\"text\":\"x\",\"markup\":true}", "image: the payload has an unknown key, \"markup\""},
        {"{\"text\":\"x\",\"font\":\"No Such Font\"}", "image: there is no font for the watermark"},
        {"{\"image_file\":\"../image/small.png\"}",
         "image: \"image_file\": no JPEG, PNG or WebP in preload_folders is called \"../image/small.png\""},
        {"{\"image_file\":7}",
         "image: \"image_file\": no JPEG, PNG or WebP in preload_folders is called \"image_file\""},
        {"{\"image_file\":\"small.png\",\"image\":\"eHh4\"}",
         "image: a watermark has an \"image\" or an \"image_file\""},
        {"{\"image_file\":\"small.png\",\"text\":\"x\"}",
         "image: a watermark has a \"text\", an \"image\" or an \"image_file\""},
        {"{\"image\":\"eHh4\"}", "image: the watermark's own image cannot be read"},
        {"[{\"text\":\"x\"},{\"text\":\"x\"},{\"text\":\"x\"},{\"text\":\"x\"},{\"text\":\"x\"}]",
         "image: there are more than 4 watermarks"},
    };
    struct original o = read_original("small.png");
    (void)state;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        char payload[300];
        struct objlens_call c = {0};
        snprintf(payload, sizeof(payload), "{\"watermark\":%s}", marks[i][0]);
        assert_int_equal(run(&c, payload, &o, direct_whole), OBJLENS_EFAILED);
        assert_string_equal(c.failed_message, marks[i][1]);
        direct_fini(&c);
    }
}

static void test_accept(void **state)
{
    static const char *const cases[][2] = {
        {"image/avif,image/webp,*/*", "image/avif"}, {"text/html, image/webp;q=0.8", "image/webp"},
        {"image/avif;q=0, image/webp", "image/webp"}, {"*/*", "image/png"}, {"", "image/png"},
        {"image/webp2, ximage/avif", "image/png"}, {"image/avif;q=0.0", "image/png"}};
    struct original o = read_original("small.png");
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const fields[] = {"userRequest.headers.accept", cases[i][0], NULL};
        struct objlens_call c = {.fields = fields};
        assert_int_equal(run(&c, "{\"format\":\"accept\"}", &o, direct_whole), OBJLENS_OK);
        assert_string_equal(c.content_type, cases[i][1]);
        direct_fini(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts_do_not_matter),
        cmocka_unit_test(test_truncated_is_no_picture),
        cmocka_unit_test(test_truncated_gif_is_no_picture),
        cmocka_unit_test(test_damaged_png_is_no_picture),
        cmocka_unit_test(test_damaged_jpeg_is_no_picture),
        cmocka_unit_test(test_bombs_are_refused_from_the_header),
        cmocka_unit_test(test_a_jpeg_of_many_scans_is_refused),
        cmocka_unit_test(test_limits_of_the_payload),
        cmocka_unit_test(test_other_formats_are_refused),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_the_query_changes_what_it_may),
        cmocka_unit_test(test_wrong_queries),
        cmocka_unit_test(test_wrong_payloads),
        cmocka_unit_test(test_a_mark_names_the_caller),
        cmocka_unit_test(test_every_way_to_lay_a_mark),
        cmocka_unit_test(test_who_has_no_name_gets_no_picture),
        cmocka_unit_test(test_an_invisible_name_is_none),
        cmocka_unit_test(test_wrong_marks),
        cmocka_unit_test(test_accept),
    };
    image = direct_load("image");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
