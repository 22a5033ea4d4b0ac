/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The empty pages of a tare that was built without node. They are linked before libtare.a and
 * replace the pages in it.
 */
extern const char run_page_html[], bench_page_html[], diff_page_html[];

const char run_page_html[] = "";
const char bench_page_html[] = "";
const char diff_page_html[] = "";
