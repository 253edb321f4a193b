/* SPDX-License-Identifier: MIT */
/* The line-by-line look at a head: see the header for what it refuses. */
#include "http/head_scan.h"

#include "http/syntax.h"

#define EMPTY_LINES_MAX 2 /* before a request: some old clients end a body with CRLF */

void ol_head_scan_reset(ol_head_scan *scan)
{
    scan->line_start_ = scan->searched_ = scan->skipped_ = 0;
    scan->lines_ = 0;
}

bool ol_head_scan_begun(const ol_head_scan *scan, size_t len)
{
    return len > scan->skipped_;
}

static int refuse(ol_http_fault *fault, int status, const char *why)
{
    *fault = (ol_http_fault){status, why};
    return OL_EPROTOCOL;
}

static bool is_version(ol_slice text)
{
    return text.len == 8 && memcmp(text.data, "HTTP/", 5) == 0 && text.data[6] == '.' &&
           text.data[5] >= '0' && text.data[5] <= '9' && text.data[7] >= '0' && text.data[7] <= '9';
}

static bool version_served(ol_slice version)
{
    return version.data[5] == '1' && (version.data[7] == '0' || version.data[7] == '1');
}

/* METHOD SP target SP HTTP/1.x, nothing else. */
static int check_request_line(const ol_head_scan *scan, ol_slice line, ol_http_fault *fault)
{
    ptrdiff_t space = ol_slice_find(line, ' ');
    if (space <= 0 || !ol_http_all(ol_slice_first(line, (size_t)space), OL_CH_TOKEN))
        return refuse(fault, 400, "malformed method");
    ol_slice rest = ol_slice_from(line, (size_t)space + 1);
    space = ol_slice_find(rest, ' ');
    if (space <= 0)
        return refuse(fault, 400, "malformed request line");
    ol_slice target = ol_slice_first(rest, (size_t)space);
    if (target.len > scan->target_bytes_max)
        return refuse(fault, 414, "request target too long");
    if (!ol_http_all(target, OL_CH_TARGET))
        return refuse(fault, 400, "malformed request target");
    ol_slice version = ol_slice_from(rest, (size_t)space + 1);
    if (!is_version(version))
        return refuse(fault, 400, "malformed HTTP version");
    if (!version_served(version))
        return refuse(fault, 505, "HTTP version not served");
    return OL_OK;
}

/* HTTP/1.x SP ddd [SP reason]. */
static int check_status_line(ol_slice line, ol_http_fault *fault)
{
    ol_slice version = ol_slice_first(line, 8);
    if (!is_version(version) || !version_served(version) || line.len < 12 || line.data[8] != ' ')
        return refuse(fault, 502, "malformed status line");
    for (size_t i = 9; i < 12; i++) {
        if (line.data[i] < '0' || line.data[i] > '9')
            return refuse(fault, 502, "malformed status");
    }
    if (line.data[9] < '1' || line.data[9] > '5' || (line.len > 12 && line.data[12] != ' '))
        return refuse(fault, 502, "malformed status");
    if (!ol_http_all(line, OL_CH_VALUE))
        return refuse(fault, 502, "control character in the status line");
    return OL_OK;
}

static int check_field_line(ol_slice line, ol_http_fault *fault)
{
    if (line.data[0] == ' ' || line.data[0] == '\t')
        return refuse(fault, 400, "folded header line");
    size_t name = 0;
    while (name < line.len && ol_http_char_is(line.data[name], OL_CH_TOKEN))
        name++;
    if (name == 0 || name == line.len || line.data[name] != ':')
        return refuse(fault, 400, "malformed header name");
    if (!ol_http_all(ol_slice_from(line, name + 1), OL_CH_VALUE))
        return refuse(fault, 400, "control character in a header");
    return OL_OK;
}

static int check_line(ol_head_scan *scan, ol_slice line, ol_http_fault *fault)
{
    scan->lines_++;
    if (scan->lines_ > 1) {
        if (scan->lines_ - 1 > scan->headers_max)
            return refuse(fault, 431, "too many header fields");
        return check_field_line(line, fault);
    }
    return scan->response ? check_status_line(line, fault)
                          : check_request_line(scan, line, fault);
}

/* An unfinished line may already be too much. */
static int check_sizes(const ol_head_scan *scan, size_t len, ol_http_fault *fault)
{
    /* 32 bytes are enough for any method and version. */
    if (!scan->response && scan->lines_ == 0 &&
        len - scan->line_start_ > (size_t)scan->target_bytes_max + 32)
        return refuse(fault, 414, "request line too long");
    if (len > scan->head_bytes_max)
        return refuse(fault, 431, "header section too large");
    return OL_WAIT;
}

int ol_head_scan_more(ol_head_scan *scan, ol_slice data, ol_slice *head, ol_http_fault *fault)
{
    while (scan->searched_ < data.len) {
        const uint8_t *from = data.data + scan->searched_;
        const uint8_t *lf = memchr(from, '\n', data.len - scan->searched_);
        if (!lf)
            break;
        size_t end = (size_t)(lf - data.data);
        if (end == scan->line_start_ || data.data[end - 1] != '\r')
            return refuse(fault, 400, "line ends without CR");
        ol_slice line = ol_slice_of(data.data + scan->line_start_, end - 1 - scan->line_start_);
        scan->searched_ = scan->line_start_ = end + 1;
        if (end + 1 > scan->head_bytes_max)
            return refuse(fault, 431, "header section too large");
        if (line.len > 0) {
            int rc = check_line(scan, line, fault);
            if (rc != OL_OK)
                return rc;
        } else if (scan->lines_ > 0) {
            *head = ol_slice_of(data.data + scan->skipped_, end + 1 - scan->skipped_);
            return OL_OK;
        } else {
            scan->skipped_ = end + 1;
            if (scan->response || scan->skipped_ > 2 * EMPTY_LINES_MAX)
                return refuse(fault, 400, "empty lines before the request");
        }
    }
    scan->searched_ = data.len;
    return check_sizes(scan, data.len, fault);
}
