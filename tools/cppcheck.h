/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For cppcheck, which reads no system headers: macros of libraries that it would take for
 * syntax errors, or whose transfer of ownership it would not see.
 */
#define json_array_foreach(array, i, v) \
	while ((i = next_index(array), v = json_array_get(array, i)))
#define json_object_foreach(object, k, v) \
	while ((k = next_key(object), v = json_object_get(object, k)))
#define bpf_object__for_each_program(p, object) while ((p = next_program(object)))
#define bpf_object__for_each_map(m, object) while ((m = next_map(object)))
#define g_array_append_val(array, v) array_take(array, &(v))
#define LIBBPF_OPTS(type, name, ...) struct type name = { __VA_ARGS__ }
