# What kills, tells and lists by cgroup: real cgroups, processes and pseudo-terminals. Faults between two system calls
# of ours are made by wrapping the calls (own_groups.h).
foreach(name groups terminal user_services)
  grantd_test(reaper_${name}_test LABEL unit SOURCES ${name}_test.cc own_groups.cc LINKS reaper)
  target_link_options(reaper_${name}_test PRIVATE -Wl,--wrap=openat,--wrap=pidfd_open,--wrap=fstatat,--wrap=unlink)
endforeach()
