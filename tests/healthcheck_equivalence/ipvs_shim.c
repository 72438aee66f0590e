// Lets Debian's keepalived run where the kernel has no ip_vs, and tells what it would have done to the kernel's table.
//
// Preloaded into keepalived (LD_PRELOAD), it stands between the program and libnl-3: the generic netlink family "IPVS" is
// found, each request is taken and acknowledged without a kernel, and appended to the file that IPVS_SHIM_LOG names as one line
// of JSON:
//
//   {"time": 1234.567890, "command": "SET_DEST", "service": "192.168.1.200:80", "server": "192.168.1.179:80", "weight": 5}
//
// `time` is CLOCK_MONOTONIC in seconds, the clock of Python's time.monotonic(). "server" and "weight" are there where the
// request names a real server, "service" where it names a virtual one. IPv4 and TCP or UDP only: fwmark services have no
// address to print.
//
// Limits: nothing is remembered, so requests that read the table (none at start, stop and reload) get an empty answer. One
// thread.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <linux/ip_vs.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// A family number that the kernel has given to no one; it only has to be positive.
enum { kFamily = 0x7fff };

static const char* const kCommandNames[] = {
    [IPVS_CMD_NEW_SERVICE] = "NEW_SERVICE",
    [IPVS_CMD_SET_SERVICE] = "SET_SERVICE",
    [IPVS_CMD_DEL_SERVICE] = "DEL_SERVICE",
    [IPVS_CMD_NEW_DEST] = "NEW_DEST",
    [IPVS_CMD_SET_DEST] = "SET_DEST",
    [IPVS_CMD_DEL_DEST] = "DEL_DEST",
    [IPVS_CMD_FLUSH] = "FLUSH",
};

// The socket that the last request went to, and what its owner wants to be called with when the request is acknowledged.
static struct nl_sock* ipvs_socket;
static nl_recvmsg_msg_cb_t acknowledged;
static void* acknowledged_argument;

// The function of that name that this library hides. The program cannot run without it.
static void* hidden(const char* name) {
  void* function = dlsym(RTLD_NEXT, name);
  if (function == NULL) {
    fprintf(stderr, "ipvs_shim: libnl has no %s\n", name);
    abort();
  }
  return function;
}

// "ADDRESS:PORT" into `text`, which has room for it; false where the request doesn't say.
static bool print_endpoint(char* text, size_t size, struct nlattr* address, struct nlattr* port) {
  char host[INET_ADDRSTRLEN];
  if (address == NULL || port == NULL || inet_ntop(AF_INET, nla_data(address), host, sizeof host) == NULL) {
    return false;
  }
  snprintf(text, size, "%s:%u", host, ntohs(nla_get_u16(port)));
  return true;
}

static void print_service(FILE* out, struct nlattr* nested) {
  struct nlattr* part[IPVS_SVC_ATTR_MAX + 1];
  char text[64];
  if (nla_parse_nested(part, IPVS_SVC_ATTR_MAX, nested, NULL) == 0 &&
      print_endpoint(text, sizeof text, part[IPVS_SVC_ATTR_ADDR], part[IPVS_SVC_ATTR_PORT])) {
    fprintf(out, ", \"service\": \"%s\"", text);
  }
}

static void print_server(FILE* out, struct nlattr* nested) {
  struct nlattr* part[IPVS_DEST_ATTR_MAX + 1];
  char text[64];
  if (nla_parse_nested(part, IPVS_DEST_ATTR_MAX, nested, NULL) != 0) {
    return;
  }
  if (print_endpoint(text, sizeof text, part[IPVS_DEST_ATTR_ADDR], part[IPVS_DEST_ATTR_PORT])) {
    fprintf(out, ", \"server\": \"%s\"", text);
  }
  if (part[IPVS_DEST_ATTR_WEIGHT] != NULL) {
    fprintf(out, ", \"weight\": %u", nla_get_u32(part[IPVS_DEST_ATTR_WEIGHT]));
  }
}

static void log_request(struct nl_msg* message) {
  const char* path = getenv("IPVS_SHIM_LOG");
  FILE* out = path != NULL ? fopen(path, "a") : NULL;
  if (out == NULL) {
    fprintf(stderr, "ipvs_shim: IPVS_SHIM_LOG names no file that can be written\n");
    abort();
  }
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  struct nlmsghdr* header = nlmsg_hdr(message);
  const unsigned command = genlmsg_hdr(header)->cmd;
  const unsigned names = sizeof kCommandNames / sizeof kCommandNames[0];
  const char* name = command < names && kCommandNames[command] != NULL ? kCommandNames[command] : "OTHER";
  fprintf(out, "{\"time\": %lld.%06ld, \"command\": \"%s\"", (long long)now.tv_sec, now.tv_nsec / 1000, name);
  struct nlattr* part[IPVS_CMD_ATTR_MAX + 1];
  if (genlmsg_parse(header, 0, part, IPVS_CMD_ATTR_MAX, NULL) == 0) {
    if (part[IPVS_CMD_ATTR_SERVICE] != NULL) {
      print_service(out, part[IPVS_CMD_ATTR_SERVICE]);
    }
    if (part[IPVS_CMD_ATTR_DEST] != NULL) {
      print_server(out, part[IPVS_CMD_ATTR_DEST]);
    }
  }
  fputs("}\n", out);
  fclose(out);
}

// What libnl exports and keepalived calls, in the order of a request.

int genl_ctrl_resolve(struct nl_sock* socket, const char* name) {
  if (strcmp(name, IPVS_GENL_NAME) == 0) {
    return kFamily;
  }
  int (*resolve)(struct nl_sock*, const char*) = hidden("genl_ctrl_resolve");
  return resolve(socket, name);
}

int nl_socket_modify_cb(struct nl_sock* socket, enum nl_cb_type type, enum nl_cb_kind kind, nl_recvmsg_msg_cb_t function,
                        void* argument) {
  if (type == NL_CB_ACK) {
    acknowledged = function;
    acknowledged_argument = argument;
  }
  int (*modify)(struct nl_sock*, enum nl_cb_type, enum nl_cb_kind, nl_recvmsg_msg_cb_t, void*) = hidden("nl_socket_modify_cb");
  return modify(socket, type, kind, function, argument);
}

int nl_send_auto(struct nl_sock* socket, struct nl_msg* message) {
  if (nlmsg_hdr(message)->nlmsg_type != kFamily) {
    int (*send)(struct nl_sock*, struct nl_msg*) = hidden("nl_send_auto");
    return send(socket, message);
  }
  ipvs_socket = socket;
  log_request(message);
  return (int)nlmsg_hdr(message)->nlmsg_len;
}

int nl_recvmsgs_default(struct nl_sock* socket) {
  if (socket != ipvs_socket) {
    int (*receive)(struct nl_sock*) = hidden("nl_recvmsgs_default");
    return receive(socket);
  }
  if (acknowledged != NULL) {
    acknowledged(NULL, acknowledged_argument);
  }
  return 0;
}
