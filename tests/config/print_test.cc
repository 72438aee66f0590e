// A printed model is keepalived.conf again: read anew, it gives an equal model.
#include "config/print.h"

#include <gtest/gtest.h>

#include "tests/config/load_text.h"

namespace penstock::config {
namespace {

Model model_of(const std::string& text) {
  const LoadResult result = load_text(text);
  for (const std::string& finding : findings(result)) EXPECT_EQ(finding.find("error"), std::string::npos) << finding;
  return result.model.value_or(Model{});
}

void expect_same_after_printing(const std::string& text) {
  Model model = model_of(text);
  Model again = model_of(print(model));
  for (VrrpInstance& instance : model.vrrp_instances) instance.auth_pass.clear();
  for (VrrpInstance& instance : again.vrrp_instances) instance.auth_pass.clear();
  EXPECT_EQ(again, model) << print(model);
}

constexpr const char* kEverything = R"(
global_defs {
    router_id LVS_1
    lvs_timeouts tcp 600 tcpfin 60 udp 30
}
vrrp_sync_group G1 {
    group {
        VI_1
        VI_2
    }
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 50
    priority 90
    nopreempt
    advert_int 2
    authentication {
        auth_type PASS
        auth_pass geheim
    }
    virtual_ipaddress {
        192.168.1.200
        192.168.1.201/24 brd 192.168.1.255 dev eth1 scope link label eth1:1
    }
    virtual_ipaddress_excluded {
        10.9.8.7/32
    }
}
vrrp_instance VI_2 {
    state MASTER
    interface eth0
    virtual_router_id 51
    version 3
    advert_int 0.25
    virtual_ipaddress {
        fd77::200/64
    }
}
virtual_server 192.168.1.200 80 {
    lb_algo wrr
    lb_kind DR
    protocol TCP
    real_server 192.168.1.179 80 {
        weight 3
        uthreshold 100
        lthreshold 50
    }
    real_server 192.168.1.180 80 {
        weight 0
    }
}
virtual_server fd77::200 53 {
    lb_kind DR
    protocol UDP
    real_server fd77::1 53 {
    }
}
)";

TEST(Print, KeepsWhatAConfigurationMeans) { expect_same_after_printing(kEverything); }

TEST(Print, KeepsTheHowTosConfiguration) {
  const LoadResult howto = load(std::string{PENSTOCK_TEST_DATA} + "/howto-master.conf", {});
  ASSERT_TRUE(howto.model.has_value());
  expect_same_after_printing(print(*howto.model));
}

TEST(Print, NeverShowsAPassword) {
  const std::string text = print(model_of(kEverything));
  EXPECT_EQ(text.find("geheim"), std::string::npos);
  EXPECT_NE(text.find("auth_pass ********"), std::string::npos);
}

TEST(Print, PrintsTheSameTextAgain) {
  const std::string text = print(model_of(kEverything));
  EXPECT_EQ(print(model_of(text)), text);
}

}  // namespace
}  // namespace penstock::config
