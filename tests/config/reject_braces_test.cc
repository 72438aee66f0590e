// Braces that don't match: one finding, at the place that is of use, and the rest of the file still read.
#include "tests/config/reject_test.h"

namespace penstock::config {
namespace {

std::string repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

const std::vector<RejectRow> kBracesRows = {
    {"WordAfterItsBlockClosed",
     R"(vrrp_instance VI {
interface eth0
virtual_router_id 1
}
virtual_ipaddress {
10.0.0.1
}
}
)",
     {"1:15: warning: vrrp_instance \"VI\" has no virtual_ipaddress",
      "5:1: error: \"virtual_ipaddress\" does not belong at the top level [it belongs in vrrp_instance; the block of "
      "\"vrrp_instance\" was closed before it]"}},
    {"BlockOfAWordWithoutBlocks",
     in_service(R"(    lb_algo rr {
        x
    })"),
     {"4:16: error: \"lb_algo\" takes no block [put a value that ends in \"{\" in double quotes]"}},
    {"BlockInAList",
     R"(vrrp_instance VI {
    interface eth0
    virtual_router_id 1
    virtual_ipaddress {
        10.0.0.1 {
        }
    }
}
)",
     {"5:18: error: no block can stand in virtual_ipaddress"}},
    {"BraceWithoutWord",
     R"(global_defs {
    {
        router_id A
    }
}
)",
     {"2:5: error: \"{\" without a word before it that opens a block"}},
    {"BlockMissing",
     R"(virtual_server 10.0.0.1 80
)",
     {"1:1: error: \"virtual_server\" needs a block: \"{\" is missing"}},
    {"OpeningBraceForgotten",
     R"(vrrp_instance VI {
    interface eth0
    virtual_router_id 1
    virtual_ipaddress { 10.0.0.1 }
    authentication
        auth_type PASS
        auth_pass x
    }
    priority 300
}
)",
     {"5:5: error: \"authentication\" needs a block: \"{\" is missing",
      "9:14: error: \"priority\" takes a whole number from 1 to 255, not \"300\""}},
    {"ClosingBraceForgottenInTheMiddle",
     R"(vrrp_instance VI {
    interface eth0
    virtual_router_id 1
    authentication {
        auth_type PASS
        auth_pass x
    virtual_ipaddress {
        10.0.0.1
    }
    priority 300
}
)",
     {"4:5: error: the block of \"authentication\" is never closed",
      "10:14: error: \"priority\" takes a whole number from 1 to 255, not \"300\""}},
    {"ClosingBraceForgottenOfTheLastBlock",
     R"(virtual_server 10.0.0.1 80 {
    lb_kind DR
    protocol TCP
    real_server 10.0.0.2 80 {
        weight 1
}
global_defs {
    vrrp_version 9
}
)",
     {"4:5: error: the block of \"real_server\" is never closed", "8:18: error: \"vrrp_version\" takes 2 or 3, not \"9\""}},
    {"ClosingBraceForgottenAtTheEnd",
     R"(virtual_server 10.0.0.1 80 {
    lb_kind DR
    protocol TCP
    real_server 10.0.0.2 80 {
        weight 1
    }
)",
     {"1:1: error: the block of \"virtual_server\" is never closed"}},
    {"ClosingBraceForgottenWithoutIndentation",
     R"(vrrp_instance VI {
interface eth0
authentication {
auth_type PASS
global_defs {
vrrp_version 9
}
)",
     {"3:1: error: the block of \"authentication\" is never closed", "6:14: error: \"vrrp_version\" takes 2 or 3, not \"9\""}},
    {"ClosingBraceTooMany",
     R"(virtual_server 10.0.0.1 80 {
    lb_kind DR
    protocol TCP
    real_server 10.0.0.2 80 {
        weight 1
    }
    }
    real_server 10.0.0.3 80 {
        weight 1
    }
}
)",
     {"7:5: error: one \"}\" too many [\"virtual_server\" goes on below it]"}},
    {"ClosingBraceTooManyAtTheEnd",
     R"(global_defs {
    router_id A
}
}
)",
     {"4:1: error: \"}\" closes nothing [the block of \"global_defs\" was closed before it]"}},
    {"BlocksTooDeep",
     repeat("wibble {\n", 20) + repeat("}\n", 20),
     {"1:1: error: \"wibble\" is unknown at the top level", "17:1: error: blocks within blocks: deeper than 16"}},
    {"CommentCutsAValueAndABrace",
     R"(vrrp_instance VI {
    interface eth0
    virtual_router_id 1
    virtual_ipaddress { 10.0.0.1 }
    authentication { auth_type PASS auth_pass ab#cd }
    priority 5
}
)",
     {"5:5: error: the block of \"authentication\" is never closed",
      "5:49: warning: \"#\" begins a comment here [put the value in double quotes if it belongs to it, or a blank before the "
      "comment]"}},
};

INSTANTIATE_TEST_SUITE_P(Braces, Reject, testing::ValuesIn(kBracesRows), row_name);

}  // namespace
}  // namespace penstock::config
