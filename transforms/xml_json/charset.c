/* SPDX-License-Identifier: MIT */
#include "charset.h"

#include <ctype.h>
#include <string.h>
#include <wchar.h>

static const char *const single[] = {
    "IBM037 CP037 EBCDIC-CP-US", /* the first: see xj_charset_ebcdic */
    "ISO-8859-2 LATIN2 ISO-LATIN2 L2", "ISO-8859-3 LATIN3 ISO-LATIN3 L3", "ISO-8859-4 LATIN4 ISO-LATIN4 L4",
    "ISO-8859-5 CYRILLIC", "ISO-8859-6 ARABIC", "ISO-8859-7 GREEK",
    "ISO-8859-8 ISO-8859-8-I HEBREW", "ISO-8859-9 LATIN5 ISO-LATIN5 L5",
    "ISO-8859-10 LATIN6 ISO-LATIN6 L6", "ISO-8859-11", "ISO-8859-13", "ISO-8859-14 LATIN8 ISO-LATIN8 L8",
    "ISO-8859-15 LATIN-9 ISO-LATIN-9 L9", "ISO-8859-16 LATIN10 ISO-LATIN10 L10",
    "CP1250 WINDOWS-1250", "CP1251 WINDOWS-1251", "CP1252 WINDOWS-1252", "CP1253 WINDOWS-1253",
    "CP1254 WINDOWS-1254", "CP1255 WINDOWS-1255", "CP1256 WINDOWS-1256", "CP1257 WINDOWS-1257",
    "CP1258 WINDOWS-1258", "CP874 WINDOWS-874", "KOI8-R", "KOI8-U", "TIS-620", "VISCII",
    "MACINTOSH MAC", "MAC-CYRILLIC X-MAC-CYRILLIC", "ARMSCII-8", "GEORGIAN-PS",
    "CP737", "CP775", "CP858 IBM00858", "IBM437 CP437", "IBM850 CP850", "IBM852 CP852", "IBM855 CP855",
    "IBM857 CP857", "IBM860 CP860", "IBM861 CP861", "IBM862 CP862", "IBM863 CP863", "IBM864 CP864",
    "IBM865 CP865", "IBM866 CP866", "IBM869 CP869",
    "IBM273 CP273 EBCDIC-DE", "IBM277 CP277 EBCDIC-CP-DK", "IBM278 CP278 EBCDIC-CP-FI", "IBM280 CP280 EBCDIC-CP-IT",
    "IBM284 CP284 EBCDIC-CP-ES", "IBM285 CP285 EBCDIC-CP-GB", "IBM297 CP297 EBCDIC-CP-FR", "IBM500 CP500 EBCDIC-CP-CH",
    "IBM870 CP870", "IBM871 CP871", "IBM1047 CP1047", "IBM1140 IBM01140 CP1140",
    "IBM1141 IBM01141 CP1141", "IBM1142 IBM01142 CP1142", "IBM1143 IBM01143 CP1143", "IBM1144 IBM01144 CP1144",
    "IBM1145 IBM01145 CP1145", "IBM1146 IBM01146 CP1146", "IBM1147 IBM01147 CP1147", "IBM1148 IBM01148 CP1148",
    "IBM1149 IBM01149 CP1149",
    "IBM424 CP424 EBCDIC-CP-HE", "IBM875 CP875", "IBM880 CP880", "IBM1025 CP1025", "IBM1026 CP1026", "IBM1112 CP1112",
    "IBM1122 CP1122", "IBM1123 CP1123", "IBM1153 CP1153", "IBM1154 CP1154", "IBM1155 CP1155", "IBM1156 CP1156",
    "IBM1157 CP1157", "IBM1158 CP1158", "IBM856 CP856", "CP1125 RUSCII", "IBM1124 CP1124", "IBM1129 CP1129",
    "IBM1161 CP1161", "IBM1162 CP1162", "IBM1163 CP1163", "IBM922 CP922", "KOI8-T", "KOI8-RU", "RK1048", "PT154", "MIK", "TCVN5712-1 TCVN",
    "HP-ROMAN8 ROMAN8", "MAC-UK", "MAC-CENTRALEUROPE", "GEORGIAN-ACADEMY",
};

static const char *const several[] = {
    "SHIFT_JIS SHIFT-JIS SJIS", "CP932 WINDOWS-31J MS932 MS_KANJI", "EUC-JP", "ISO-2022-JP", "GBK CP936 WINDOWS-936",
    "EUC-CN GB2312", "GB18030", "BIG5", "BIG5-HKSCS", "EUC-TW", "EUC-KR KS_C_5601-1987", "CP949 UHC WINDOWS-949", "JOHAB",
};

#define SINGLE (sizeof(single) / sizeof(single[0]))
#define SEVERAL (sizeof(several) / sizeof(several[0]))
#define NAME_BYTES_MAX 40

static uint16_t tables[SINGLE][256];
static struct xj_charset known[SINGLE + SEVERAL];
static size_t known_count;
static iconv_t held[SEVERAL]; /* never closed: their converters stay loaded */

static iconv_t open_first_name(const char *names)
{
    char name[NAME_BYTES_MAX + 1];
    size_t size = strcspn(names, " ");
    memcpy(name, names, size);
    name[size] = '\0';
    return iconv_open("WCHAR_T", name);
}

/* Some converters keep a letter back, for an accent that may follow: they are asked for it. */
static uint16_t meaning_of(iconv_t converter, uint8_t byte)
{
    wchar_t character[4];
    char in = (char)byte, *from = &in, *to = (char *)character;
    size_t from_size = 1, room = sizeof(character);
    iconv(converter, NULL, NULL, NULL, NULL);
    bool ok = iconv(converter, &from, &from_size, &to, &room) == 0 && iconv(converter, NULL, NULL, &to, &room) == 0;
    if (!ok || room != sizeof(character) - sizeof(character[0]) || character[0] > 0xffff)
        return XJ_NO_CHARACTER;
    return (uint16_t)character[0];
}

static void prepare_table(const char *names, uint16_t *table)
{
    iconv_t converter = open_first_name(names);
    if (converter == (iconv_t)-1)
        return;
    for (unsigned byte = 0; byte < 256; byte++)
        table[byte] = meaning_of(converter, (uint8_t)byte);
    iconv_close(converter);
    known[known_count++] = (struct xj_charset){names, table};
}

/* A conversion as well: iconv may set up more with the first. */
static void prepare_converter(const char *names, iconv_t *converter)
{
    *converter = open_first_name(names);
    if (*converter == (iconv_t)-1)
        return;
    meaning_of(*converter, 'a');
    known[known_count++] = (struct xj_charset){names, NULL};
}

void xj_charsets_prepare(void)
{
    if (known_count > 0)
        return;
    for (size_t i = 0; i < SINGLE; i++)
        prepare_table(single[i], tables[i]);
    for (size_t i = 0; i < SEVERAL; i++)
        prepare_converter(several[i], &held[i]);
}

/* What counts of a name, from *at on; moves behind it. 0: the end. */
static int next_letter(const char *name, size_t size, size_t *at)
{
    while (*at < size && (name[*at] == '-' || name[*at] == '_'))
        (*at)++;
    return *at < size ? toupper((unsigned char)name[(*at)++]) : 0;
}

bool xj_charset_names_equal(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t a_at = 0, b_at = 0;
    int letter;
    do {
        letter = next_letter(a, a_size, &a_at);
        if (letter != next_letter(b, b_size, &b_at))
            return false;
    } while (letter != 0);
    return true;
}

static bool has_name(const char *names, const char *name, size_t size)
{
    for (size_t n; *names; names += n + (names[n] == ' ')) {
        n = strcspn(names, " ");
        if (xj_charset_names_equal(names, n, name, size))
            return true;
    }
    return false;
}

const struct xj_charset *xj_charset_named(const char *name, size_t size)
{
    for (size_t i = 0; i < known_count; i++)
        if (has_name(known[i].names, name, size))
            return &known[i];
    return NULL;
}

iconv_t xj_charset_open(const struct xj_charset *charset)
{
    return open_first_name(charset->names);
}

bool xj_charset_reads(const struct xj_charset *charset, const uint8_t *bytes, size_t size)
{
    static const char opening[] = "<?xml";
    size_t n = sizeof(opening) - 1;
    for (size_t i = 0; i < n && size >= n; i++)
        if ((charset->table ? charset->table[bytes[i]] : bytes[i]) != (uint8_t)opening[i])
            return false;
    return size >= n;
}

const uint16_t *xj_charset_ebcdic(void)
{
    return known_count > 0 && known[0].table == tables[0] ? tables[0] : NULL;
}
