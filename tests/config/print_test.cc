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
  for (Model* const each : {&model, &again}) {
    for (vrrp::InstanceSpec& instance : each->vrrp.instances) instance.auth_pass.clear();
    each->health.tls.password.clear();
  }
  EXPECT_EQ(again, model) << print(model);
}

constexpr const char* kEverything = R"(
global_defs {
    router_id LVS_1
    lvs_timeouts tcp 600 tcpfin 60 udp 30
    smtp_server mail.example 2525
    smtp_connect_timeout 2.5
    smtp_helo_name lb.example
    notification_email_from "Load Balancer <lb@example>"
    notification_email {
        a@example
        b@example
    }
    smtp_alert_checker
    no_checker_emails
    script_user nobody nogroup
    enable_script_security
    rs_init_notifies
    lvs_notify_fifo "/run/a fifo" nobody
    lvs_notify_fifo_script "/bin/reader 'a b' $1"
    vrrp_startup_delay 1.5
    log_unknown_vrids
    no_email_faults
    fifo_write_vrrp_states_on_reload
    vrrp_notify_fifo "/run/v fifo" nobody nogroup
    vrrp_notify_fifo_script "/bin/reader v"
    vrrp_garp_interval 0.001
    vrrp_mcast_group6 ff02::99
}
vrrp_script chk {
    script "/bin/chk 'a b' \"c\""
    interval 2.5
    timeout 1
    weight -20 reverse
    rise 2
    fall 3
    user nobody nogroup
    init_fail
}
vrrp_track_process proxy {
    process haproxy -f "a b"
    param_match initial
    quorum 2
    quorum_max 4
    delay 0.5
    full_command
}
vrrp_track_process none {
    process "'one word'"
    param_match partial
    quorum_max 0
}
track_file switch {
    file /run/switch
    init_file 3 overwrite
}
garp_group {
    garp_interval 0.5
    interfaces { eth1 }
}
SSL {
    ca /etc/ca.pem
    certificate /etc/own.pem
    key /etc/own.key
    password offen
}
track_file load {
    file "/run/load \"x\""
    weight -2 reverse
}
vrrp_sync_group G1 {
    group {
        VI_1
        VI_2
    }
    sync_group_tracking_weight
    track_interface { eth7 weight 3 }
    notify "/bin/group x" nobody
    smtp_alert
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 50
    priority 90
    advert_int 2
    authentication {
        auth_type PASS
        auth_pass geheim
    }
    virtual_ipaddress {
        192.168.1.200
        192.168.1.201/24 brd 192.168.1.255 dev eth1 scope link label eth1:1
        192.168.1.202/24 scope 17 no_track
    }
    preempt_delay 2.000001
    no_accept
    unicast_src_ip 192.168.1.2
    track_src_ip
    unicast_peer {
        192.168.1.3 min_ttl 254
        192.168.1.4
    }
    unicast_ttl 9
    check_unicast_src
    unicast_fault_no_peer
    dont_track_primary
    down_timer_adverts 4
    lower_prio_no_advert
    higher_prio_send_advert
    skip_check_adv_addr
    owner_ignore_adverts
    garp_master_delay 1
    garp_master_repeat 2
    garp_master_refresh 3
    garp_master_refresh_repeat 4
    garp_lower_prio_delay 6
    garp_lower_prio_repeat 7
    use_vmac name v1 02:00:00:00:00:09
    vmac_xmit_base
    track_interface { eth1 weight 5 reverse }
    track_script { chk }
    track_process {
        proxy weight 9
        none
    }
    track_file { switch weight -4 }
    notify_master "/bin/m 'x y'" nobody nogroup
    notify_deleted
    notify_priority_changes
    smtp_alert
    virtual_ipaddress_excluded {
        10.9.8.7/32
    }
}
vrrp_instance VI_2 {
    state MASTER
    interface eth0
    virtual_router_id 51
    strict_mode
    advert_int 0.25
    notify_deleted /bin/gone
    virtual_ipaddress {
        fd77::200/64
    }
}
vrrp_instance VI_3 {
    interface eth2
    virtual_router_id 52
    nopreempt
    version 3
    v3_checksum_as_v2
    mcast_src_ip 10.7.0.1
    mcast_dst_ip 224.0.0.99
    virtual_ipaddress {
        10.7.0.9/24 brd +
    }
}
virtual_server 192.168.1.200 80 {
    lb_algo wrr
    lb_kind DR
    protocol TCP
    quorum 2
    hysteresis 1
    alpha
    omega
    quorum_up "/bin/q 'up now' \\\\" nobody nogroup
    quorum_down /bin/q
    sorry_server 192.168.1.9
    sorry_server_inhibit
    delay_loop 2.000001
    virtualhost www.example
    real_server 192.168.1.179 80 {
        inhibit_on_failure
        notify_up "/bin/n up" nobody
        notify_down "/bin/n down"
        smtp_alert off
        HTTP_GET {
            http_protocol 1.1
            bindto 192.168.1.3
            bind_port 1024
            bind_if eth1
            fwmark 7
            url {
                path /?a=$b&c#d
                status_code 200 301-302
                digest b23518f93b38b0bdeac5a1bf4e205477
            }
            url {
                path /2
                virtualhost other.example
                regex "^\\s*\"ok\"\t!"
                regex_no_match
                regex_options caseless utf
                regex_min_offset 1
                regex_max_offset 100
                regex_stack 1024 4096
            }
        }
        SSL_GET {
            enable_sni
            sni_name sni.example
            tls_compliant
            check_via vip
            alpha off
            log_all_failures
            url {
                path /
            }
        }
        TCP_CHECK {
            connect_ip fe80::7
            connect_port 81
            bind_if eth0
            connect_timeout 0.5
        }
        PING_CHECK {
        }
        SMTP_CHECK {
            host {
                connect_port 25
            }
            host {
                connect_port 26
            }
        }
        MISC_CHECK {
            misc_path "/bin/check 'two words' \"quoted\""
            misc_timeout 1.5
            misc_dynamic
            user nobody nogroup
        }
        FILE_CHECK {
            track_file load
        }
        FILE_CHECK {
            track_file load
            weight 5
        }
        weight 3
        uthreshold 100
        lthreshold 50
    }
    real_server 192.168.1.180 80 {
        weight 0
    }
}
virtual_server fd77::200 53 {
    lb_algo mh
    mh-port
    mh-fallback
    lb_kind DR
    protocol UDP
    real_server fd77::1 53 {
        DNS_CHECK {
            type TXT
            name a.example
        }
        UDP_CHECK {
            payload 00 ff
            require_reply 0xxa ff
            min_reply_length 2
            max_reply_length 600
        }
        UDP_CHECK {
            require_reply
        }
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
  EXPECT_EQ(text.find("offen"), std::string::npos);
  EXPECT_NE(text.find("auth_pass ********"), std::string::npos);
  EXPECT_NE(text.find("password ********"), std::string::npos);
}

TEST(Print, PrintsTheSameTextAgain) {
  const std::string text = print(model_of(kEverything));
  EXPECT_EQ(print(model_of(text)), text);
}

}  // namespace
}  // namespace penstock::config
