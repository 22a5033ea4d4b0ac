/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/varlink.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "version.h"

#define PREKILL "io.systemd.oom.Prekill"
#define SERVICE "org.varlink.service"

static const char prekill_text[] = "interface " PREKILL "\n\n"
				   "# Called before all processes of a control group are killed\n"
				   "method Notify(cgroup: string) -> ()\n";

static void put(GString *reply, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	g_string_append(reply, text);
	g_string_append_c(reply, '\0');
	free(text);
	json_decref(object);
}

static void put_error(GString *reply, const char *error, const char *key, const char *value)
{
	put(reply, json_pack("{s:s, s:{s:s}}", "error", error, "parameters", key, value));
}

/* An absolute path without empty parts, "." and "..". */
static bool is_path(const char *path)
{
	g_auto(GStrv) parts = NULL;

	if (*path != '/' || strlen(path) > 4096)
		return false;
	parts = g_strsplit(path + 1, "/", -1);
	for (char **part = parts; *part; part++)
		if (!strcmp(*part, ".") || !strcmp(*part, "..") || (!**part && path[1]))
			return false;
	return true;
}

static void on_notify(const json_t *parameters, GString *reply, char **cgroup)
{
	const char *path = json_string_value(json_object_get(parameters, "cgroup"));

	if (!path || !is_path(path)) {
		put_error(reply, SERVICE ".InvalidParameter", "parameter", "cgroup");
		return;
	}
	*cgroup = g_strdup(path);
	put(reply, json_pack("{s:{}}", "parameters"));
}

static void on_call(const char *method, const json_t *parameters, GString *reply, char **cgroup)
{
	const char *interface = json_string_value(json_object_get(parameters, "interface"));

	if (!strcmp(method, PREKILL ".Notify"))
		on_notify(parameters, reply, cgroup);
	else if (!strcmp(method, SERVICE ".GetInfo"))
		put(reply, json_pack("{s:{s:s, s:s, s:s, s:s, s:[s, s]}}", "parameters", "vendor",
				     "tare", "product", "tare agent", "version", TARE_VERSION,
				     "url", "", "interfaces", SERVICE, PREKILL));
	else if (!strcmp(method, SERVICE ".GetInterfaceDescription") && interface &&
		 !strcmp(interface, PREKILL))
		put(reply, json_pack("{s:{s:s}}", "parameters", "description", prekill_text));
	else if (!strcmp(method, SERVICE ".GetInterfaceDescription"))
		put_error(reply, SERVICE ".InterfaceNotFound", "interface", interface ?: "");
	else
		put_error(reply, SERVICE ".MethodNotFound", "method", method);
}

int varlink_call(const char *text, size_t len, GString *reply, char **cgroup)
{
	json_t *call = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const char *method = json_string_value(json_object_get(call, "method"));
	const json_t *parameters = json_object_get(call, "parameters");
	int err = method && (!parameters || json_is_object(parameters)) ? 0 : -EBADMSG;

	*cgroup = NULL;
	if (!err)
		on_call(method, parameters, reply, cgroup);
	if (!err && json_is_true(json_object_get(call, "oneway")))
		g_string_truncate(reply, 0);
	json_decref(call);
	return err;
}
