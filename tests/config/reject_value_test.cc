// Values of the wrong kind or outside their range.
#include "tests/config/reject_test.h"

namespace penstock::config {
namespace {

const std::vector<RejectRow> kValueRows = {
    {"PriorityTooLarge",
     in_instance("    priority 300"),
     {"5:14: error: \"priority\" takes a whole number from 1 to 255, not \"300\""}},
    {"PriorityNotANumber",
     in_instance("    priority high"),
     {"5:14: error: \"priority\" takes a whole number from 1 to 255, not \"high\""}},
    {"PriorityWithFraction",
     in_instance("    priority 1.5"),
     {"5:14: error: \"priority\" takes a whole number from 1 to 255, not \"1.5\""}},
    {"PriorityMissing", in_instance("    priority"), {"5:5: error: \"priority\" needs a value: a whole number from 1 to 255"}},
    {"VirtualRouterIdZero",
     R"(vrrp_instance VI {
    interface eth0
    virtual_router_id 0
    virtual_ipaddress { 10.0.0.1 }
}
)",
     {"3:23: error: \"virtual_router_id\" takes a whole number from 1 to 255, not \"0\""}},
    {"VirtualRouterIdTooLarge",
     R"(vrrp_instance VI {
    interface eth0
    virtual_router_id 256
    virtual_ipaddress { 10.0.0.1 }
}
)",
     {"3:23: error: \"virtual_router_id\" takes a whole number from 1 to 255, not \"256\""}},
    {"InterfaceNameTooLong",
     R"(vrrp_instance VI {
    interface enp0s31f6verylong
    virtual_router_id 1
    virtual_ipaddress { 10.0.0.1 }
}
)",
     {"2:15: error: \"interface\" takes the name of an interface (at most 15 bytes), not \"enp0s31f6verylong\""}},
    {"AdvertIntFractionInVersion2",
     in_instance("    advert_int 0.4"),
     {"5:16: error: advert_int is in whole seconds with version 2 [version 3 takes 0.01 to 40.95]"}},
    {"AdvertIntTooLongInVersion3",
     in_instance(R"(    version 3
    advert_int 41)"),
     {"6:16: error: advert_int is at most 40.95 seconds with version 3"}},
    {"AdvertIntZero",
     in_instance("    advert_int 0"),
     {"5:16: error: \"advert_int\" takes a number from 0.01 to 255, not \"0\""}},
    {"VersionUnknown", in_instance("    version 4"), {"5:13: error: \"version\" takes 2 or 3, not \"4\""}},
    {"AuthTypeMistyped",
     in_instance(R"(    authentication {
        auth_type PAS
        auth_pass x
    })"),
     {"6:19: error: \"PAS\" is not an auth_type [did you mean \"PASS\"?]"}},
    {"AddressNotAnAddress",
     R"(vrrp_instance VI {
    interface eth0
    virtual_router_id 1
    virtual_ipaddress {
        10.0.0.256
        10.0.0
    }
}
)",
     {"5:9: error: \"10.0.0.256\" is not an IPv4 or IPv6 address", "6:9: error: \"10.0.0\" is not an IPv4 or IPv6 address"}},
    {"MaskTooLong",
     in_instance(R"(    virtual_ipaddress {
        10.0.0.2/33
        fd00::1/129
        10.0.0.3/
    })"),
     {"6:9: error: \"/33\" is not a prefix length from /0 to /32",
      "7:9: error: \"/129\" is not a prefix length from /0 to /128",
      "8:9: error: \"/\" is not a prefix length from /0 to /32"}},
    {"EveryAddressOfALine",
     in_instance("    virtual_ipaddress { 10.0.0.2/33 brd x 10.0.0.3/24 brd y 10.0.0.4/99 }"),
     {"5:25: error: \"/33\" is not a prefix length from /0 to /32", "5:59: error: \"y\" is not an IPv4 address, + or -",
      "5:61: error: \"/99\" is not a prefix length from /0 to /32"}},
    {"AddressOfNoHost",
     in_instance(R"(    virtual_ipaddress {
        224.0.0.5
        0.0.0.0
    })"),
     {"6:9: error: \"224.0.0.5\" can't be the address of a host", "7:9: error: \"0.0.0.0\" can't be the address of a host"}},
    {"AddressOptionMistyped",
     in_instance(R"(    virtual_ipaddress {
        10.0.0.2/24 labl eth0:1
    })"),
     {"6:21: error: \"labl\" is not an option of an address [did you mean \"label\"?]"}},
    {"AddressOptionWithoutValue",
     in_instance(R"(    virtual_ipaddress {
        10.0.0.2/24 dev
    })"),
     {"6:21: error: \"dev\" needs a value"}},
    {"BroadcastNotAnAddress",
     in_instance(R"(    virtual_ipaddress {
        10.0.0.2/24 brd x
    })"),
     {"6:25: error: \"x\" is not an IPv4 address, + or -"}},
    {"BroadcastOfIpv6",
     in_instance(R"(    virtual_ipaddress_excluded {
        fd00::2/64 brd +
    })"),
     {"6:24: error: an IPv6 address has no broadcast address"}},
    {"ScopeMistyped",
     in_instance(R"(    virtual_ipaddress {
        10.0.0.2/24 scope gobal
    })"),
     {"6:27: error: \"gobal\" is not a scope [did you mean \"global\"?]"}},
    {"LabelTooLong",
     in_instance(R"(    virtual_ipaddress {
        10.0.0.2/24 label eth0:123456789012
    })"),
     {"6:27: error: a label has 1 to 15 bytes: \"eth0:123456789012\" has 17"}},
    {"WeightNegative",
     in_real_server("        weight -1"),
     {"5:16: error: \"weight\" takes a whole number from 0 to 2147483647, not \"-1\""}},
    {"WeightTooLarge",
     in_real_server("        weight 2147483648"),
     {"5:16: error: \"weight\" takes a whole number from 0 to 2147483647, not \"2147483648\""}},
    {"ThresholdNotANumber",
     in_real_server("        uthreshold many"),
     {"5:20: error: \"uthreshold\" takes a whole number from 0 to 4294967295, not \"many\""}},
    {"LowerThresholdAboveUpper",
     in_real_server(R"(        uthreshold 10
        lthreshold 11)"),
     {"6:20: error: lthreshold 11 is above uthreshold 10"}},
    {"LowerThresholdAlone", in_real_server("        lthreshold 1"), {"5:20: error: lthreshold 1 is above uthreshold 0"}},
    {"SchedulerMistyped", in_service("    lb_algo wrrr"), {"4:13: error: \"wrrr\" is not a scheduler [did you mean \"wrr\"?]"}},
    {"ForwardingMistyped",
     R"(virtual_server 10.0.0.1 80 {
    lb_kind DRR
    protocol TCP
    real_server 10.0.0.2 80 {
    }
}
)",
     {"2:13: error: \"DRR\" is not a way of forwarding [did you mean \"DR\"?]"}},
    {"ForwardingInLowerCase",
     R"(virtual_server 10.0.0.1 80 {
    lb_kind dr
    protocol TCP
    real_server 10.0.0.2 80 {
    }
}
)",
     {"2:13: error: \"dr\" is not a way of forwarding [did you mean \"DR\"?]"}},
    {"ProtocolMistyped",
     R"(virtual_server 10.0.0.1 80 {
    lb_kind DR
    protocol TPC
    real_server 10.0.0.2 80 {
    }
}
)",
     {"3:14: error: \"TPC\" is not a protocol [did you mean \"TCP\"?]"}},
    {"PortTooLarge",
     R"(virtual_server 10.0.0.1 65536 {
    lb_kind DR
    protocol TCP
    real_server 10.0.0.2 80 {
    }
}
)",
     {"1:25: error: \"65536\" is not a port from 1 to 65535"}},
    {"PortNotANumber",
     in_service(R"(    real_server 10.0.0.3 http {
    })"),
     {"4:26: error: \"http\" is not a port from 1 to 65535"}},
    {"ServiceNotAnAddress",
     R"(virtual_server www.example.org 80 {
    lb_kind DR
    protocol TCP
    real_server 10.0.0.2 80 {
    }
}
)",
     {"1:16: error: \"www.example.org\" is not an IPv4 or IPv6 address"}},
    {"ServiceWithoutAddress",
     R"(virtual_server {
    lb_kind DR
    protocol TCP
}
)",
     {"1:1: error: \"virtual_server\" needs a value: an address"}},
    {"RealServerNotAnAddress",
     in_service(R"(    real_server 10.0.0.x 80 {
    })"),
     {"4:17: error: \"10.0.0.x\" is not an IPv4 or IPv6 address"}},
    {"DelayLoopNotANumber",
     in_service("    delay_loop often"),
     {"4:16: error: \"delay_loop\" takes a number from 0.001 to 31536000, not \"often\""}},
    {"SwitchNotABoolean",
     in_service("    alpha maybe"),
     {"4:11: error: \"alpha\" takes on, off, true, false, yes or no, not \"maybe\""}},
    {"DigestTooShort",
     in_real_server(R"(        HTTP_GET {
            url {
                path /
                digest b235
            }
        })"),
     {"8:24: error: \"digest\" takes 32 hexadecimal digits, not \"b235\""}},
    {"StatusCodeNotACode",
     in_real_server(R"(        HTTP_GET {
            url {
                path /
                status_code 200-ok
            }
        })"),
     {"8:29: error: \"status_code\" takes HTTP status codes or ranges of them (200-299), not \"200-ok\""}},
    {"CheckPortZero",
     in_real_server(R"(        TCP_CHECK {
            connect_port 0
        })"),
     {"6:26: error: \"connect_port\" takes a whole number from 1 to 65535, not \"0\""}},
    {"CheckAddressNotAnAddress",
     in_real_server(R"(        TCP_CHECK {
            connect_ip here
        })"),
     {"6:24: error: \"connect_ip\" takes an IPv4 or IPv6 address, not \"here\""}},
    {"CheckWordMistyped",
     in_real_server(R"(        TCP_CHECK {
            conect_timeout 3
        })"),
     {"6:13: error: \"conect_timeout\" is unknown in TCP_CHECK [did you mean \"connect_timeout\"?]"}},
    {"DnsTypeMistyped",
     in_real_server(R"(        DNS_CHECK {
            type CNAM
        })"),
     {"6:18: error: \"type\" takes A, NS, CNAME, SOA, MX, TXT or AAAA, not \"CNAM\" [did you mean \"CNAME\"?]"}},
    {"TimeoutNameMistyped",
     in_global("    lvs_timeouts tcp 60 tcp_fin 10"),
     {"2:25: error: \"tcp_fin\" is not a timeout: tcp, tcpfin or udp [did you mean \"tcpfin\"?]"}},
    {"TimeoutZero",
     in_global("    lvs_timeouts tcp 0 udp 60"),
     {"2:22: error: \"tcp\" takes a whole number from 1 to 2678400, not \"0\""}},
    {"TimeoutWithoutNumber", in_global("    lvs_timeouts tcp 60 udp"), {"2:25: error: \"udp\" needs a number of seconds"}},
    {"SeveralAtOnce",
     R"(global_defs {
    vrrp_version 5
    router_idd A
}
vrrp_instance VI {
    interface eth0
    priority 0
}
virtual_server 10.0.0.1 0 {
    lb_algo xx
    protocol ICMP
}
)",
     {"2:18: error: \"vrrp_version\" takes 2 or 3, not \"5\"",
      "3:5: error: \"router_idd\" is unknown in global_defs [did you mean \"router_id\"?]",
      "5:15: error: vrrp_instance \"VI\" has no virtual_router_id",
      "5:15: warning: vrrp_instance \"VI\" has no virtual_ipaddress",
      "7:14: error: \"priority\" takes a whole number from 1 to 255, not \"0\"",
      "9:1: error: a virtual_server without lb_kind is one by NAT, which is not supported yet: it would change how packets "
      "reach the real servers [lb_kind DR]",
      "9:25: error: a virtual_server for all ports needs persistence, which is not supported yet [virtual_server 10.0.0.1 "
      "PORT]",
      "10:13: error: \"xx\" is not a scheduler", "11:14: error: \"ICMP\" is not a protocol"}},
};

INSTANTIATE_TEST_SUITE_P(Value, Reject, testing::ValuesIn(kValueRows), row_name);

}  // namespace
}  // namespace penstock::config
