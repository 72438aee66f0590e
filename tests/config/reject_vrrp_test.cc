// Wrong words of VRRP.
#include "tests/config/reject_test.h"

namespace penstock::config {
namespace {

std::string many_addresses(int count) {
  std::string out = "    virtual_ipaddress {\n";
  for (int i = 1; i <= count; ++i) out += "        10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) + "\n";
  return out + "    }";
}

const std::vector<RejectRow> kRows = {
    {"BfdTracked",
     in_instance("    track_bfd {\n        b\n    }"),
     {"5:5: error: \"track_bfd\" is not supported yet: it would change when an instance is in FAULT (BFD is not spoken)"}},
    {"BfdInstance",
     "bfd_instance b {\n    neighbor_ip 10.0.0.9\n}\n",
     {"1:1: error: \"bfd_instance\" is not supported yet: it would change when an instance is in FAULT (BFD is not spoken)"}},
    {"MoreAddressesThanAnAdvertHolds",
     in_instance(many_addresses(255)),
     {"260:9: error: an advert has room for 255 addresses [virtual_ipaddress_excluded takes the others]"}},
    {"NoAddressWithVersion3",
     "vrrp_instance V {\n    interface eth0\n    virtual_router_id 1\n    version 3\n    no_virtual_ipaddress\n}\n",
     {"1:15: error: vrrp_instance \"V\" has no virtual_ipaddress: version 3 and strict mode need one [virtual_ipaddress { "
      "ADDRESS "
      "}]"}},
    {"UnicastInStrictMode",
     in_instance("    priority 255\n    strict_mode\n    unicast_peer {\n        10.0.0.9\n    }"),
     {"7:5: error: strict mode has no unicast: keepalived does not run this instance [strict_mode off]"}},
    {"SourceOfTheOtherFamily",
     in_instance("    mcast_src_ip fd00::9"),
     {"5:18: error: the adverts of this instance are IPv4: \"fd00::9\" is of the other family"}},
    {"SourceNoHost",
     in_instance("    unicast_src_ip 224.0.0.1"),
     {"5:20: error: \"224.0.0.1\" can't be the address of a host"}},
    {"DestinationNoGroup",
     in_instance("    mcast_dst_ip 10.0.0.9"),
     {"5:18: error: \"mcast_dst_ip\" takes a multicast address, not \"10.0.0.9\""}},
    {"GlobalGroupOfTheOtherFamily",
     in_global("    vrrp_mcast_group4 ff02::12"),
     {"2:23: error: \"vrrp_mcast_group4\" takes a multicast address of IPv4, not \"ff02::12\""}},
    {"PeerNotAnAddress",
     in_instance("    unicast_peer {\n        peer.example\n    }"),
     {"6:9: error: \"peer.example\" is not an IPv4 or IPv6 address"}},
    {"PeerOfTheOtherFamily",
     in_instance("    unicast_peer {\n        fd00::9 min_ttl 3\n    }"),
     {"6:9: error: the adverts of this instance are IPv4: \"fd00::9\" is of the other family"}},
    {"PeerOptionMistyped",
     in_instance("    unicast_peer {\n        10.0.0.9 min_tll 3\n    }"),
     {"6:18: error: \"min_tll\" is not an option of a unicast_peer [did you mean \"min_ttl\"?]"}},
    {"PeerTtlTooLarge",
     in_instance("    unicast_peer {\n        10.0.0.9 max_ttl 256\n    }"),
     {"6:26: error: \"max_ttl\" takes a whole number from 0 to 255, not \"256\""}},
    {"PeerTtlsCrossed",
     in_instance("    unicast_peer {\n        10.0.0.9 min_ttl 9 max_ttl 8\n    }"),
     {"6:36: error: no TTL lies between min_ttl and max_ttl"}},
    {"PeerTtlWithoutNumber",
     in_instance("    unicast_peer {\n        10.0.0.9 min_ttl\n    }"),
     {"6:18: error: \"min_ttl\" needs a value"}},
    {"VirtualMacOfAGroup",
     in_instance("    use_vmac 01:00:00:00:00:01"),
     {"5:14: error: \"01:00:00:00:00:01\" is not a MAC address of one interface"}},
    {"VirtualMacNamedTwice", in_instance("    use_vmac a name b"), {"5:21: error: use_vmac has a name already: \"a\""}},
    {"VirtualMacNameTooLong",
     in_instance("    use_vmac an_interface_name"),
     {"5:14: error: \"an_interface_name\" is not the name of an interface (at most 15 bytes)"}},
    {"ScriptThatDoesNotExist",
     "vrrp_script check { script /x }\n" + in_instance("    track_script {\n        chek\n        check\n    }"),
     {"7:9: error: there is no vrrp_script \"chek\" [did you mean \"check\"?]"}},
    {"ProcessThatDoesNotExist",
     in_instance("    track_process {\n        p\n    }"),
     {"6:9: error: there is no vrrp_track_process \"p\""}},
    {"FileThatDoesNotExist", in_instance("    track_file {\n        f\n    }"), {"6:9: error: there is no track_file \"f\""}},
    {"TrackOptionMistyped",
     in_instance("    track_interface {\n        eth1 wieght 5\n    }"),
     {"6:14: error: \"wieght\" is not an option in track_interface [did you mean \"weight\"?]"}},
    {"TrackWeightWithoutNumber",
     in_instance("    track_interface {\n        eth1 weight\n    }"),
     {"6:14: error: \"weight\" needs a value"}},
    {"TrackWeightTooLarge",
     in_instance("    track_interface {\n        eth1 weight 255\n    }"),
     {"6:21: error: \"weight\" takes a whole number from -253 to 253, not \"255\""}},
    {"TrackedInterfaceTooLong",
     in_instance("    track_interface {\n        an_interface_name\n    }"),
     {"6:9: error: \"an_interface_name\" is not the name of an interface (at most 15 bytes)"}},
    {"ScriptTwice",
     "vrrp_script s { script /x }\nvrrp_script s { script /y }\n" + in_instance("    track_script { s }"),
     {"2:13: error: vrrp_script \"s\" is already in line 1"}},
    {"ScriptWithoutCommand",
     "vrrp_script s {\n    interval 2\n}\n" + in_instance("    track_script { s }"),
     {"1:13: error: vrrp_script \"s\" has no script [script \"COMMAND\"]"}},
    {"ProcessWithoutName",
     "vrrp_track_process p {\n    quorum 2\n}\n" + in_instance("    track_process { p }"),
     {"1:20: error: vrrp_track_process \"p\" has no process [process NAME]"}},
    {"QuorumOfProcessesCrossed",
     "vrrp_track_process p {\n    process x\n    quorum 3\n    quorum_max 2\n}\n" + in_instance("    track_process { p }"),
     {"4:16: error: quorum_max 2 is below the quorum of 3"}},
    {"InitFileMistyped",
     "track_file f {\n    file /x\n    init_file overwirte\n}\n" + in_instance("    track_file { f }"),
     {"3:15: error: \"init_file\" takes a whole number and overwrite, not \"overwirte\""}},
    {"NotifyEmpty", in_instance("    notify_master \"\""), {"5:19: error: \"\" is not a command: it is empty"}},
};

INSTANTIATE_TEST_SUITE_P(Vrrp, Reject, testing::ValuesIn(kRows), row_name);

}  // namespace
}  // namespace penstock::config
