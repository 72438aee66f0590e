#!/bin/bash
# at_leisure.sh COMMAND...: run it in the time that nobody else wants. It is to be a session's leader (setsid): Linux shares the
# processors out to sessions first (sched(7), autogroups), and a process's own niceness counts only inside its session.
echo 19 2>/dev/null >/proc/self/autogroup || true
exec nice -n 19 "$@"
