/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The pages of a tare that was built without node: linked before libtare.a, they stand
 * for those in it.
 */
extern const char run_page_html[], bench_page_html[];

const char run_page_html[] = "";
const char bench_page_html[] = "";
