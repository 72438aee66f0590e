#include "control/loop/script_user.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

namespace penstock::control {
namespace {

constexpr const char* kDefaultUser = "keepalived_script";
// Of the password database; groups with thousands of members are long.
constexpr std::size_t kLargestEntry = std::size_t{1024} * 1024;

// Calls one of the get...nam_r functions with a buffer that suffices. No value: there is no such name.
template <typename Entry, typename Get>
std::expected<std::optional<Entry>, int> look_up(Get get, const std::string& name) {
  for (std::size_t size = 4096; size <= kLargestEntry; size *= 4) {
    std::vector<char> buffer(size);
    Entry entry{};
    Entry* found = nullptr;
    const int error = get(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (error == ERANGE) continue;
    if (found != nullptr) return entry;  // only numbers of it are read: its strings end with the buffer
    // Databases without the name say so in several ways (getpwnam(3)).
    if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM) return std::nullopt;
    return std::unexpected{error};
  }
  return std::unexpected{ERANGE};
}

bool may_execute(const struct stat& file, UserIds ids) {
  if (ids.user == 0) return (file.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
  if (ids.user == file.st_uid) return (file.st_mode & S_IXUSR) != 0;
  return (file.st_mode & (ids.group == file.st_gid ? S_IXGRP : S_IXOTH)) != 0;
}

bool runs_as_root(const struct stat& file, UserIds ids) {
  return ids.user == 0 || ids.group == 0 || (file.st_uid == 0 && (file.st_mode & S_ISUID) != 0) ||
         (file.st_gid == 0 && (file.st_mode & S_ISGID) != 0);
}

// Somebody but root could replace it. A sticky directory only lets owners do so.
bool is_writable_by_others(const struct stat& entry) {
  if (entry.st_uid != 0) return true;
  if (S_ISDIR(entry.st_mode) && (entry.st_mode & S_ISVTX) != 0) return false;
  return (entry.st_gid != 0 && (entry.st_mode & S_IWGRP) != 0) || (entry.st_mode & S_IWOTH) != 0;
}

std::optional<std::string> find_in_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (true) {
    const auto end = rest.find(':');
    const std::string folder{rest.substr(0, end)};
    std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    struct stat file{};
    if (stat(candidate.c_str(), &file) == 0 && S_ISREG(file.st_mode)) return candidate;
    if (end == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

std::expected<UserIds, std::string> resolve_script_user(const std::string& user, const std::string& group) {
  const auto found = look_up<passwd>(getpwnam_r, user.empty() ? kDefaultUser : user);
  if (!found) return std::unexpected{"Unable to resolve script username '" + user + "': " + std::strerror(found.error())};
  UserIds ids{};  // root
  if (*found) {
    ids = {.user = (*found)->pw_uid, .group = (*found)->pw_gid};
  } else if (!user.empty()) {
    return std::unexpected{"Script user '" + user + "' does not exist"};
  }
  if (group.empty()) return ids;
  const auto found_group = look_up<::group>(getgrnam_r, group);
  if (!found_group) {
    return std::unexpected{"Unable to resolve script group name '" + group + "': " + std::strerror(found_group.error())};
  }
  if (!*found_group) return std::unexpected{"Script group '" + group + "' does not exist"};
  ids.group = (*found_group)->gr_gid;
  return ids;
}

std::expected<UserIds, std::string> ScriptUsers::ids_of(const std::string& user, const std::string& group) {
  const auto key = std::pair{user, group};
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  auto ids = resolve_script_user(user, group);
  if (ids) known_[key] = *ids;
  return ids;
}

ScriptSafety check_script(const std::string& program, UserIds ids) {
  std::string path = program;
  if (path.find('/') == std::string::npos) {
    const auto found = find_in_path(path);
    if (!found) return ScriptSafety::kNotFound;
    path = *found;
  }
  struct stat file{};
  if (stat(path.c_str(), &file) != 0) return ScriptSafety::kNotFound;
  if (!S_ISREG(file.st_mode) || !may_execute(file, ids)) return ScriptSafety::kNotExecutable;
  if (!runs_as_root(file, ids)) return ScriptSafety::kSafe;
  // "/", "/etc", "/etc/keepalived", ..., the file. Where a link leads to counts as well: stat() follows it.
  char* resolved = realpath(path.c_str(), nullptr);
  const std::string target = resolved != nullptr ? resolved : path;
  std::free(resolved);
  for (const std::string& each : {path, target}) {
    for (std::size_t end = each.find('/'); end != std::string::npos; end = each.find('/', end + 1)) {
      struct stat folder{};
      if (stat(each.substr(0, end + 1).c_str(), &folder) != 0) return ScriptSafety::kNotFound;
      if (is_writable_by_others(folder)) return ScriptSafety::kInsecure;
    }
  }
  return is_writable_by_others(file) ? ScriptSafety::kInsecure : ScriptSafety::kSafe;
}

std::string script_security_violation(bool any_is_insecure) {
  std::string line = "SECURITY VIOLATION - scripts are being executed but script_security not enabled.";
  if (any_is_insecure) line += " There are insecure scripts.";
  return line;
}

}  // namespace penstock::control
