// Words that are right each by itself but not together, and words that Penstock refuses by name.
#include "tests/config/reject_test.h"

namespace penstock::config {
namespace {

const std::vector<RejectRow> kMeaningRows = {
    {"ServiceTwice",
     R"(virtual_server 10.0.0.1 80 {
    lb_kind DR
    protocol TCP
    real_server 10.0.0.2 80 {
    }
}
virtual_server 10.0.0.1 80 {
    lb_kind DR
    protocol TCP
    real_server 10.0.0.2 80 {
    }
}
)",
     {"7:16: error: virtual_server 10.0.0.1:80 TCP is already in line 1"}},
    {"RealServerTwice",
     in_service(R"(    real_server 10.0.0.2 80 {
    })"),
     {"6:17: error: real_server 10.0.0.2:80 is already in line 4"}},
    {"RealServerTwiceByItsPort",
     in_service(R"(    real_server 10.0.0.2 8080 {
    })"),
     {"4:26: warning: direct routing keeps the port: taken as 80, as keepalived does",
      "6:17: error: real_server 10.0.0.2:80 is already in line 4"}},
    {"RealServerOfTheOtherFamily",
     in_service(R"(    real_server fd00::2 80 {
    })"),
     {"4:17: error: direct routing keeps the packet: \"fd00::2\" must be of the family of 10.0.0.1"}},
    {"ServiceWithoutPort",
     R"(virtual_server 10.0.0.1 {
    lb_kind DR
    protocol TCP
    real_server 10.0.0.2 {
    }
}
)",
     {"1:16: error: a virtual_server for all ports needs persistence, which is not supported yet [virtual_server 10.0.0.1 "
      "PORT]"}},
    {"ServiceByFirewallMark",
     R"(virtual_server fwmark 7 {
    lb_kind DR
    protocol TCP
    real_server 10.0.0.2 80 {
    }
}
)",
     {"1:16: error: virtual_server fwmark is not supported yet: it would change which packets are served"}},
    {"ServiceByGroup",
     R"(virtual_server_group G {
    10.0.0.1 80
    10.0.0.2-9 80
}
virtual_server group G {
    lb_kind DR
    protocol TCP
    real_server 10.0.0.3 80 {
    }
}
)",
     {"1:1: error: \"virtual_server_group\" is not supported yet: it would change which addresses are served",
      "5:16: error: virtual_server group is not supported yet: it would change which packets are served"}},
    {"NoForwardingMethod",
     R"(virtual_server 10.0.0.1 80 {
    protocol TCP
    real_server 10.0.0.2 80 {
    }
}
)",
     {"1:1: error: a virtual_server without lb_kind is one by NAT, which is not supported yet: it would change how packets "
      "reach the real servers [lb_kind DR]"}},
    {"ForwardingByNat",
     R"(virtual_server 10.0.0.1 80 {
    lb_kind NAT
    protocol TCP
    real_server 10.0.0.2 80 {
    }
}
)",
     {"2:13: error: forwarding by NAT is not supported yet: it would change how packets reach the real servers [lb_kind DR]"}},
    {"ForwardingByNatWithPortsOfItsOwn",
     R"(virtual_server 10.0.0.1 80 {
    lb_kind NAT
    protocol TCP
    real_server 10.0.0.2 8080 {
    }
    real_server 10.0.0.2 8081 {
    }
}
)",
     {"2:13: error: forwarding by NAT is not supported yet: it would change how packets reach the real servers [lb_kind DR]"}},
    {"ForwardingByTunnel",
     R"(virtual_server 10.0.0.1 80 {
    lvs_method TUN type ipip
    protocol TCP
    real_server 10.0.0.2 80 {
    }
}
)",
     {"2:16: error: forwarding by TUN is not supported yet: it would change how packets reach the real servers [lb_kind DR]"}},
    {"ForwardingOfOneServer",
     in_real_server("        lvs_method NAT"),
     {"5:20: error: forwarding by NAT is not supported yet: it would change how packets reach the real servers [lb_kind DR]"}},
    {"SchedulerNotThereYet",
     in_service("    lvs_sched sh"),
     {"4:15: error: the scheduler sh is not supported yet: it would change which real server a client gets [rr, wrr, lc, "
      "wlc and mh are there]"}},
    {"ProtocolNotThereYet",
     R"(virtual_server 10.0.0.1 80 {
    lb_kind DR
    protocol SCTP
    real_server 10.0.0.2 80 {
    }
}
)",
     {"3:14: error: protocol SCTP is not supported yet: it would change which packets are served"}},
    {"Persistence",
     in_service(R"(    persistence_timeout 50
    persistence_granularity 255.255.255.0
    persistence_engine sip)"),
     {"4:5: error: \"persistence_timeout\" is not supported yet: it would change which real server a client gets",
      "5:5: error: \"persistence_granularity\" is not supported yet: it would change which real server a client gets",
      "6:5: error: \"persistence_engine\" is not supported yet: it would change which real server a client gets"}},
    {"OnePacketScheduling",
     in_service("    ops"),
     {"4:5: error: \"ops\" is not supported yet: it would change which real server a client gets"}},
    {"SchedulerFlags",
     in_service(R"(    flag-1
    sh-port
    sh-fallback
    hashed)"),
     {"4:5: error: \"flag-1\" is not supported yet: it would change which real server a client gets",
      "5:5: error: \"sh-port\" is not supported yet: it would change which real server a client gets",
      "6:5: error: \"sh-fallback\" is not supported yet: it would change which real server a client gets",
      "7:5: error: \"hashed\" is not supported yet: it would change which real server a client gets"}},
    {"AuthenticationHeader",
     in_instance(R"(    authentication {
        auth_type AH
        auth_pass x
    })"),
     {"6:19: error: auth_type AH is not supported yet: it would change which adverts are believed [auth_type PASS]"}},
    {"AuthenticationHmac",
     in_instance(R"(    auth_hmac {
        mode wrong
    })"),
     {"5:5: error: \"auth_hmac\" is not supported yet: it would change which adverts are believed"}},
    {"OtherNetworkNamespace",
     R"(net_namespace blue
global_defs {
}
)",
     {"1:1: error: \"net_namespace\" is not supported yet: it would change which network the file applies to (start penstockd "
      "within the namespace instead)"}},
    {"InstanceTwice",
     R"(vrrp_instance VI {
    interface eth0
    virtual_router_id 1
    virtual_ipaddress { 10.0.0.1 }
}
vrrp_instance VI {
    interface eth0
    virtual_router_id 2
    virtual_ipaddress { 10.0.0.2 }
}
)",
     {"6:15: error: vrrp_instance \"VI\" is already in line 1"}},
    {"InstanceWithoutInterface",
     R"(vrrp_instance VI {
    virtual_router_id 1
    virtual_ipaddress { 10.0.0.1 }
}
)",
     {"1:15: error: vrrp_instance \"VI\" has no interface"}},
    {"InstanceWithoutId",
     R"(vrrp_instance VI {
    interface eth0
    virtual_ipaddress { 10.0.0.1 }
}
)",
     {"1:15: error: vrrp_instance \"VI\" has no virtual_router_id"}},
    {"InstanceWithoutName",
     R"(vrrp_instance {
    interface eth0
    virtual_router_id 1
}
)",
     {"1:1: error: \"vrrp_instance\" needs a value: a name"}},
    {"IdTwiceOnAnInterface",
     R"(vrrp_instance V1 {
    interface eth0
    virtual_router_id 5
    virtual_ipaddress { 10.0.0.1 }
}
vrrp_instance V2 {
    interface eth0
    virtual_router_id 5
    virtual_ipaddress { 10.0.0.2 }
}
)",
     {"8:23: error: virtual_router_id 5 on eth0 is already in line 3"}},
    {"AddressTwiceInAFile",
     R"(vrrp_instance V1 {
    interface eth0
    virtual_router_id 1
    virtual_ipaddress { 10.0.0.9 }
}
vrrp_instance V2 {
    interface eth0
    virtual_router_id 2
    virtual_ipaddress { 10.0.0.9 }
}
)",
     {"9:25: error: 10.0.0.9 on eth0 is already in line 4"}},
    {"FamiliesMixed",
     in_instance(R"(    virtual_ipaddress {
        fd00::1
    })"),
     {"6:9: error: an advert carries addresses of one family: \"fd00::1\" is of the other [virtual_ipaddress_excluded takes "
      "both]"}},
    {"MemberThatDoesNotExist",
     R"(vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 1
    virtual_ipaddress { 10.0.0.1 }
}
vrrp_sync_group G {
    group {
        VI_2
        web
    }
}
)",
     {"8:9: error: there is no vrrp_instance \"VI_2\" [did you mean \"VI_1\"?]",
      "9:9: error: there is no vrrp_instance \"web\""}},
    {"MemberOfTwoGroups",
     R"(vrrp_instance V {
    interface eth0
    virtual_router_id 1
    virtual_ipaddress { 10.0.0.1 }
}
vrrp_sync_group A { group { V } }
vrrp_sync_group B { group { V } }
)",
     {"6:17: warning: vrrp_sync_group \"A\" has one member: there is nothing to keep in step",
      "7:17: warning: vrrp_sync_group \"B\" has one member: there is nothing to keep in step",
      "7:29: error: \"V\" is in one vrrp_sync_group only: it is already in line 6"}},
    {"GroupTwice",
     R"(vrrp_instance V {
    interface eth0
    virtual_router_id 1
    virtual_ipaddress { 10.0.0.1 }
}
vrrp_sync_group A { group { V } }
vrrp_sync_group A { group { V } }
)",
     {"6:17: warning: vrrp_sync_group \"A\" has one member: there is nothing to keep in step",
      "7:17: error: vrrp_sync_group \"A\" is already in line 6"}},
};

INSTANTIATE_TEST_SUITE_P(Meaning, Reject, testing::ValuesIn(kMeaningRows), row_name);

}  // namespace
}  // namespace penstock::config
